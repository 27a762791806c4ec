"""[I/O] The offers and answers of one call, carried between the user agent and the media session.

One offer of ours is under way at a time; the peer's may come in between (RFC 3261 §14, RFC 6337).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from appliance.calls.ports import CallHome
from appliance.errors import ApplianceError, DescriptionError
from appliance.media.session import MediaSession
from appliance.sip.events import InviteId, Offered

log = logging.getLogger(__name__)

_TIMEOUT: Final = 20.0
"""Seconds a re-INVITE may take, with the core's own retries after 491; then it counts as refused."""

_ATTEMPTS: Final = 3
_PENDING_WAIT: Final = 0.7
_REQUEST_PENDING: Final = 491
_NOT_ACCEPTABLE_HERE: Final = 488
_INTERNAL_ERROR: Final = 500


class Negotiation:
    """Offers and answers of a call after its first offer, and who holds whom by them.

    `hold_changed(held, by)` is called with "local" or "remote" after each change.
    """

    def __init__(self, home: CallHome, media: MediaSession, hold_changed: Callable[[bool, str], None]) -> None:
        self._home = home
        self._media = media
        self._hold_changed = hold_changed
        self.held = self.remote_held = False
        self._holding = False
        self._lock = asyncio.Lock()
        self._making = False
        self._answer: asyncio.Future[bytes | str | None] | None = None
        self._closed = False

    def restore(self, *, held: bool) -> None:
        """We hold the far end, or not, since before this run of the program."""
        self._holding = self.held = held
        self._media.hold(held)

    async def hold(self, invite: InviteId, *, on: bool) -> bool:
        """Hold the far end, or take it back; False if it refused or the call ended: then nothing has changed."""
        if on == self._holding == self.held:
            return True

        def turn() -> None:
            self._holding = on
            self._media.hold(on)

        problem = await self.reoffer(invite, turn)
        if self._is_closed():
            return False
        if problem:
            log.info("%s: %s", "hold" if on else "resume", problem)
            self._holding = self.held
            self._media.hold(self.held)
            return False
        if self.held != on:
            self.held = on
            self._hold_changed(on, "local")
            self._agreed(offered=False)
        return True

    async def reoffer(
        self,
        invite: InviteId,
        prepare: Callable[[], None],
        *,
        patience: float = _TIMEOUT,
        attempts: int = _ATTEMPTS,
    ) -> str:
        """Make a new offer, after `prepare`; why the far end did not take it, "" if it did.

        Args:
            invite: whose dialog it is made in.
            prepare: called before each attempt's offer is made.
            patience: seconds after which an offer without an answer is taken back.
            attempts: how often it is made when the peer's own is in the way.
        """
        async with self._lock:
            for attempt in range(1, attempts + 1):
                problem = await self._offer(invite, prepare, patience)
                if not problem.startswith(str(_REQUEST_PENDING)) or attempt == attempts:
                    break
                # The peer's own offer is in the way, or waits for its ACK: after it.
                await asyncio.sleep(_PENDING_WAIT)
            return problem

    async def _offer(self, invite: InviteId, prepare: Callable[[], None], patience: float) -> str:
        if self._is_closed():
            return "the call is over"
        prepare()
        self._making = True
        try:
            body = await self._media.create_offer()
        except ApplianceError as error:
            return str(error)
        finally:
            self._making = False
        if self._is_closed():
            return "the call is over"
        return await self._exchange(invite, body, patience)

    async def _exchange(self, invite: InviteId, body: str, patience: float) -> str:
        self._answer = asyncio.get_running_loop().create_future()
        try:
            self._home.agent.reoffer(invite, body.encode())
            async with asyncio.timeout(patience):
                answer = await self._answer
        except TimeoutError:
            if not self._is_closed():
                self._home.agent.withdraw_offer(invite)
            return "no answer to our offer"
        except ApplianceError as error:
            return str(error)
        finally:
            self._answer = None
        if isinstance(answer, str):
            return answer
        return await self.apply(answer)

    async def apply(self, answer: bytes | None) -> str:
        """Apply the answer to our latest offer; what is wrong with it, "" if nothing."""
        if answer is None:
            return "no session description in the answer"
        try:
            await self._media.accept_answer(text(answer))
        except ApplianceError as error:
            return str(error)
        self._agreed(offered=False)
        return ""

    async def description(self, offer: bytes | None) -> str:
        """Our answer to an offer of the peer's; if it brought none, an offer of ours. Raises `ApplianceError`."""
        return await (self._media.create_offer() if offer is None else self._media.accept_offer(text(offer)))

    async def answer(self, offered: Offered) -> None:
        """Answer the peer's re-INVITE or UPDATE; with ours if it brought no offer."""
        if self._making:
            self._home.agent.refuse_offer(offered.offer_id, _REQUEST_PENDING)
            return
        try:
            body = await self.description(offered.body)
        except DescriptionError as error:
            log.info("an offer is refused: %s", error)
            self._refuse(offered, _NOT_ACCEPTABLE_HERE)
            return
        except ApplianceError as error:
            log.warning("an offer can't be answered: %s", error)
            self._refuse(offered, _INTERNAL_ERROR)
            return
        if self._closed:
            return
        self._home.agent.accept_offer(offered.offer_id, body.encode())
        if offered.body is not None:
            self._agreed(offered=True)

    def _agreed(self, *, offered: bool) -> None:
        """Something was agreed on. While we hold, an answer says nothing of the far end's own wishes."""
        if not offered and self._holding:
            return
        if self._media.remote_held != self.remote_held:
            self.remote_held = self._media.remote_held
            self._hold_changed(self.remote_held, "remote")

    def _refuse(self, offered: Offered, status: int) -> None:
        if not self._closed:
            self._home.agent.refuse_offer(offered.offer_id, status)

    def came_back(self, answer: bytes | str | None) -> bool:
        """An answer, or (text) a refusal; False if no offer of `reoffer` waits for it."""
        if self._answer is None or self._answer.done():
            return False
        self._answer.set_result(answer)
        return True

    def _is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """The call is over: whoever waits hears it now."""
        self._closed = True
        self.came_back("the call is over")


def text(body: bytes) -> str:
    """A session description as text; what is no UTF-8 is replaced, and refused or ignored by its reader."""
    return body.decode("utf-8", errors="replace")
