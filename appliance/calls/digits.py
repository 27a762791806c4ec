"""[I/O] Digits on their way out, in order, each once: in RTP where that was agreed on, else as tones or by SIP INFO."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from appliance.calls.dtmf import GAP, RELAY, TONE, Press, relay_body
from appliance.calls.ports import CallHome
from appliance.errors import StateError
from appliance.media.session import MediaSession
from appliance.sip.events import InviteId

log = logging.getLogger(__name__)

_EACH: Final = (TONE + GAP) / 1000.0
_MAX_WAITING: Final = 64
_BATCH: Final = 16
"""Digits handed to the media at once; its own queue is longer, so it never refuses them for being full."""
_INFO_TIMEOUT: Final = 35.0
"""Seconds: longer than the user agent's own (RFC 3261 §17.1.2.2, timer F)."""


class DigitQueue:
    """The digits that one call has still to send."""

    def __init__(self, home: CallHome, media: MediaSession, invite: InviteId) -> None:
        self._home = home
        self._media = media
        self._invite = invite
        self._waiting: deque[Press] = deque()

    def add(self, presses: list[Press]) -> bool:
        """Queue them. True if `run` has to be started, False if it is at it. Raises `StateError` for too many."""
        if len(self._waiting) + len(presses) > _MAX_WAITING:
            raise StateError(f"too many digits wait to be sent ({len(self._waiting)})")
        idle = not self._waiting
        self._waiting.extend(presses)
        return idle

    async def run(self, failed: Callable[[str, str], None]) -> None:
        """Send until nothing waits; `failed(digits, reason)` hears what the far end refused."""
        while self._waiting:
            press = self._waiting[0]
            problem, unsent = await self._send(press.digits)
            if problem:
                rest = "".join(waiting.digits for waiting in list(self._waiting)[1:])
                self._waiting.clear()
                failed(unsent + rest, problem)
                return
            await asyncio.sleep(press.pause)
            self._waiting.popleft()

    async def _send(self, digits: str) -> tuple[str, str]:
        """Why it did not work ("" if it did), and what was not sent."""
        for begin in range(0, len(digits), _BATCH):
            batch = digits[begin : begin + _BATCH]
            if self._sent_as_sound(batch):
                await asyncio.sleep(len(batch) * _EACH)
                continue
            for index, digit in enumerate(batch):
                problem = await self._inform(digit)
                if problem:
                    return problem, digits[begin + index :]
                await asyncio.sleep(_EACH)
        return "", ""

    def _sent_as_sound(self, digits: str) -> bool:
        """As telephone events or as tones, whichever is allowed and works; False: SIP INFO has to say them."""
        options, rtp = self._home.settings.dtmf_options, self._media.rtp
        return (options.outband and rtp.send_digits(digits)) or (options.inband and rtp.sound_digits(digits))

    async def _inform(self, digit: str) -> str:
        agent = self._home.agent
        request = agent.request("INFO", self._invite, content_type=RELAY, body=relay_body(digit))
        try:
            async with asyncio.timeout(_INFO_TIMEOUT):
                response = await self._home.response(request)
        except TimeoutError:
            return "no response to INFO"
        return "" if 200 <= response.status < 300 else f"{response.status} {response.reason}"
