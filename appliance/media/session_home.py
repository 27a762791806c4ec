"""What a media session needs of its engine."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from appliance.clock import Clock
from appliance.media.events import MediaEvent
from appliance.media.mixer import Mixer
from appliance.media.reports import Rating
from appliance.media.settings import MediaSettings
from appliance.media.transport import Transport

T = TypeVar("T")


class SessionHome(Protocol):
    """The engine, as its sessions see it."""

    settings: MediaSettings
    clock: Clock
    mixer: Mixer
    mos: Rating

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, done on the engine's loop. Raises `StateError` when the engine is not running."""

    def soon(self, work: Callable[[], object]) -> None:
        """Do `work` on the engine's loop, soon. From any thread."""

    def tell(self, on_event: Callable[[MediaEvent], None], event: MediaEvent) -> None:
        """Hand `event` over on the caller's loop."""

    def take_ahead(self) -> Transport | None:
        """A transport that has gathered its candidates already, if there is one. On the engine's loop."""

    def audio_needed(self, session: object, needed: bool) -> None:
        """Keep the audio device open for `session`, or no longer. On the engine's loop."""
