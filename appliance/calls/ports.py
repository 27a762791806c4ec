"""What a call needs of the client that holds it."""

from asyncio import Future
from typing import Literal, Protocol

from appliance.calls.events import ClientEvent
from appliance.calls.feedback_desk import FeedbackDesk
from appliance.calls.settings import ClientSettings
from appliance.clock import Clock
from appliance.media.engine import MediaEngine
from appliance.sip.events import HeaderPairs, RequestId, ResponseReceived
from appliance.sip.user_agent import UserAgent

OnOthers = Literal["reject", "ignore", "ignored", "letring"]
"""What becomes of the other incoming calls when one is answered."""

RedirectBy = Literal["302", "refer"]
"""How a caller is sent elsewhere: by a final response, or by asking it to, which leaves it the choice."""

Current = Literal["end", "hold"]
"""What becomes of the call in progress when another is answered."""


class CallHome(Protocol):
    """The client, as its calls see it."""

    settings: ClientSettings
    clock: Clock
    media: MediaEngine
    feedback: FeedbackDesk

    @property
    def agent(self) -> UserAgent:
        """The user agent; raises `StateError` when logged out."""

    @property
    def own_headers(self) -> HeaderPairs:
        """What each INVITE says of who we are, beside the credentials."""

    def emit(self, event: ClientEvent) -> None:
        """Tell the client's user."""

    def response(self, request: RequestId) -> "Future[ResponseReceived]":
        """What comes back to a request of ours."""

    async def make_room(self, call: object, on_others: OnOthers, current: Current) -> None:
        """Do with the other calls what answering `call` asks for, and make it the current one."""

    def may_resume(self, call: object) -> str:
        """Why `call` may not be resumed now, "" if it may."""

    async def transfer(self, call: object, dest: str | None, to: object) -> bool:
        """Send the far end of `call` to `dest`, or to the far end of the call `to`."""

    async def redirect(self, call: object, dest: str, by: RedirectBy) -> bool:
        """Send the caller of `call`, which is not answered, to `dest`."""

    def send_message(self, call: object, content: object, content_type: str, message_type: str) -> str:
        """Send a message in `call`; its name."""

    def take_mute(self) -> bool:
        """Whether mute was armed for the next call; it no longer is."""

    def over(self, call: object) -> None:
        """`call` has ended: forget it, and let it release what it holds."""
