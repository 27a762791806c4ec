"""[I/O] A telephone as somebody far away may use it: never more than showing and offering."""

import asyncio
from typing import Final

from appliance.phone.controller import PhoneController
from appliance.phone.inputs import CallOffered, Identified, TextShown
from appliance.phone.notices import Notices
from appliance.phone.state import Phase, State
from appliance.units import Seconds

_TAKING: Final = frozenset({Phase.IDLE, Phase.DIAL_TONE})


class RemoteControl:
    """Its methods belong to the telephone's loop."""

    def __init__(self, phone: PhoneController) -> None:
        self._phone = phone

    @property
    def notices(self) -> Notices:
        """What the telephone shows on behalf of others."""
        return self._phone.state.notices

    @property
    def in_use(self) -> str:
        """What the telephone is occupied with, "" if a number can be offered to it."""
        state = self._phone.state
        return "" if state.phase in _TAKING or state.offered else state.phase.value

    @property
    def idle(self) -> bool:
        """Nobody uses it."""
        return self._phone.state.phase is Phase.IDLE

    def show(self, text: str, seconds: Seconds) -> None:
        """Put words on the idle screen; "" takes them away."""
        self._phone.report(TextShown(text=text, seconds=seconds))

    def identify(self, seconds: Seconds) -> None:
        """Let it say which one it is."""
        self._phone.report(Identified(seconds=seconds))

    async def offer_call(self, number: str) -> bool:
        """Ask whoever is there to call `number`; whether it was dialled. Ends when nobody comes in time."""
        before = self._phone.state.attempt
        news = asyncio.Event()
        unsubscribe = self._phone.screens.subscribe(lambda _: news.set())
        try:
            self._phone.report(CallOffered(number=number))
            while _waits(self._phone.state, number):
                news.clear()
                await news.wait()
        finally:
            unsubscribe()
        return self._phone.state.attempt > before


def _waits(state: State, number: str) -> bool:
    return state.phase is Phase.PRE_DIALLING and state.offered and state.number == number
