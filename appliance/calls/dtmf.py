"""Digits: what may be sent and how, SIP INFO's way of saying one, and the same press heard twice.

INFO carries `application/dtmf-relay` ("Signal=5", "Duration=160" in ms) or `application/dtmf` (the digit alone), as
the gateways of this world do; there is no RFC for it.
"""

import re
from dataclasses import dataclass
from typing import Final

from appliance.errors import UsageError
from appliance.units import Milliseconds, Seconds

RELAY: Final = "application/dtmf-relay"
PLAIN: Final = "application/dtmf"
DIGITS: Final = "0123456789ABCD*#"
TONE: Final = Milliseconds(160.0)
"""How long a digit sounds."""
GAP: Final = Milliseconds(70.0)
"""The silence after it."""

_WAYS: Final = frozenset({"inband", "outband"})
_PAUSES: Final = {"w": Seconds(0.5), ",": Seconds(2.0)}
_SIGNAL: Final = re.compile(r"^\s*signal\s*=\s*([0-9A-Da-d*#]|1[0-5])\s*$", re.IGNORECASE | re.MULTILINE)
_DURATION: Final = re.compile(r"^\s*duration\s*=\s*(\d{1,6})\s*$", re.IGNORECASE | re.MULTILINE)
_DEFAULT: Final = Milliseconds(100.0)
_MAX_LENGTH: Final = 128
_SAME_PRESS: Final = Seconds(2.0)
_MAX_REMEMBERED: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfOptions:
    """How digits go out and come in. Raises `UsageError` for a way that there is not."""

    send_dtmf_type: tuple[str, ...] | str = ("inband", "outband")
    """`outband`: as telephone events (RFC 4733) if the far end takes them, else by SIP INFO. `inband`: as tones in the
    sound. Both: as telephone events, else as tones, never two ways, so that no gateway hears a digit twice."""
    detect_inband: bool = False
    """Listen for tones in the far end's sound from the answer on; `Call.detect_digits` does for one call. What is said
    is hardly ever taken for a digit, but only what is not listened for never is."""

    def __post_init__(self) -> None:
        if not self._ways or not self._ways <= _WAYS:
            raise UsageError(f"send_dtmf_type: {self.send_dtmf_type!r} is not inband, outband or both")

    @property
    def _ways(self) -> frozenset[str]:
        given = (self.send_dtmf_type,) if isinstance(self.send_dtmf_type, str) else self.send_dtmf_type
        return frozenset(way.lower() for way in given)

    @property
    def inband(self) -> bool:
        """Tones may be sent."""
        return "inband" in self._ways

    @property
    def outband(self) -> bool:
        """Telephone events or SIP INFO may be sent."""
        return "outband" in self._ways


@dataclass(frozen=True, slots=True)
class Press:
    """Digits to send one after the other, then a pause."""

    digits: str
    pause: Seconds


def parsed(text: str) -> list[Press]:
    """The presses of `text`: 0-9, A-D, `*`, `#`, `w` (wait 0.5 s) and `,` (wait 2 s). Raises `UsageError`."""
    wrong = sorted({character for character in text if character.upper() not in DIGITS and character not in _PAUSES})
    if wrong or not text:
        raise UsageError(f"digits {text!r}: allowed are 0-9 A-D * # w and ','{_listed(wrong)}")
    if len(text) > _MAX_LENGTH:
        raise UsageError(f"digits: {len(text)} characters, {_MAX_LENGTH} are allowed")
    presses: list[Press] = []
    digits, pause = "", 0.0
    for character in text:
        if character in _PAUSES:
            pause += _PAUSES[character]
            continue
        if pause:
            presses.append(Press(digits, Seconds(pause)))
            digits, pause = "", 0.0
        digits += character.upper()
    presses.append(Press(digits, Seconds(pause)))
    return presses


def relay_body(digit: str) -> bytes:
    """The body of the INFO that says `digit`."""
    return f"Signal={digit}\r\nDuration={TONE:.0f}\r\n".encode()


def heard(content_type: str, body: bytes) -> tuple[str, Milliseconds] | None:
    """The digit of a peer's INFO and how long it was held; None if the body is none of ours."""
    kind = content_type.partition(";")[0].strip().lower()
    text = body[:1024].decode("ascii", errors="replace")
    if kind == PLAIN:
        text = f"Signal={text.strip()}" if "=" not in text else text
    elif kind != RELAY:
        return None
    signal = _SIGNAL.search(text.replace("\r", "\n"))
    if signal is None:
        return None
    digit = signal[1].upper()
    if len(digit) == 2:  # RFC 4733 §3.2's numbers: 10 is *, 11 is #, 12-15 are A-D
        digit = "*#ABCD"[int(digit) - 10]
    duration = _DURATION.search(text.replace("\r", "\n"))
    return digit, Milliseconds(float(duration[1])) if duration else _DEFAULT


class DigitFilter:
    """Leaves out the digit that a peer sends in several ways, in any order, however fast it is pressed.

    A press heard one way pairs with one press of the same digit heard each other way within two seconds.
    """

    def __init__(self) -> None:
        self._presses: list[tuple[str, set[str], Seconds]] = []

    def is_new(self, digit: str, method: str, now: Seconds) -> bool:
        """Whether this is a press that was not heard yet; `method` names the way it came."""
        self._presses = [press for press in self._presses if now - press[2] < _SAME_PRESS]
        for known, ways, _ in self._presses:
            if known == digit and method not in ways:
                ways.add(method)
                return False
        self._presses = [*self._presses, (digit, {method}, now)][-_MAX_REMEMBERED:]
        return True


def _listed(wrong: list[str]) -> str:
    return f", not {' '.join(map(repr, wrong))}" if wrong else ""
