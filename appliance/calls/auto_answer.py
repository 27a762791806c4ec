"""Whether a call is answered by nobody: what its INVITE asks for, and who may ask.

The headers of this world: Answer-Mode and Priv-Answer-Mode (RFC 5373), `answer-after` in Call-Info, and `auto answer`,
`alert-autoanswer` or `ring-answer` in Alert-Info, as telephone exchanges send them. None of them says that the
microphone may open: only callers that are named here may ask, whatever they send.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance.errors import UsageError
from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import parameters, split_list, split_outside
from appliance.units import Seconds

_ALERTS: Final = re.compile(r"auto[- ]?answer|ring[- ]?answer", re.IGNORECASE)
_LONGEST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What an INVITE asks for."""

    by: str
    """The header that says so, in lower case."""
    automatic: bool = True
    """False: it is to be answered by a person, whatever the rules here are (RFC 5373 §4.3)."""
    required: bool = False
    """It is to be refused (403) if that can't be (RFC 5373 §4.2)."""
    delay: Seconds = Seconds(0.0)
    """How long it should ring before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoAnswer:
    """Whose calls are answered by the unit itself, after a beep that whoever is near it hears. Raises `UsageError`."""

    callers: tuple[str, ...] | str = ()
    """Users of our domain, or SIP URIs, one or several; of nobody else a call is ever answered so."""
    always: bool = False
    """Also when the call does not ask for it."""
    delay: Seconds = Seconds(0.0)
    """How long a call rings before, at least, 0-30 s."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.delay <= _LONGEST:
            raise UsageError(f"auto answer: a delay of {self.delay:g} s: 0 to {_LONGEST:g} is allowed")
        if not all(caller and caller.isprintable() for caller in self._callers):
            raise UsageError(f"auto answer: callers {self.callers!r}: users or SIP URIs are needed")

    @property
    def _callers(self) -> tuple[str, ...]:
        return (self.callers,) if isinstance(self.callers, str) else self.callers

    def permits(self, caller: str, domain: str) -> bool:
        """Whether calls of `caller`, a URI, may be answered so."""
        return any(_address(known, domain) == _address(caller, domain) for known in self._callers)

    def decide(self, wish: Wish | None, caller: str, domain: str) -> Wish | None:
        """How to answer a call by itself; None if it is for a person to answer."""
        if not self.permits(caller, domain) or (wish is not None and not wish.automatic):
            return None
        if wish is None:
            return Wish("policy", delay=self.delay) if self.always else None
        return Wish(wish.by, delay=max(wish.delay, self.delay))


def wish_of(headers: HeaderPairs) -> Wish | None:
    """What an INVITE asks for; None if it says nothing of it."""
    return next((wish for read in (_answer_mode, _call_info, _alert_info) for wish in read(headers)), None)


def _values(headers: HeaderPairs, *names: str) -> Iterator[str]:
    return (value for name, value in headers if name.lower() in names)


def _answer_mode(headers: HeaderPairs) -> Iterator[Wish]:
    for value in _values(headers, "answer-mode", "priv-answer-mode"):
        parts = split_outside(value, ";")
        mode = next(parts).lower()
        if mode in ("auto", "manual"):
            yield Wish("answer-mode", automatic=mode == "auto", required="require" in parameters(parts))


def _call_info(headers: HeaderPairs) -> Iterator[Wish]:
    for value in _values(headers, "call-info"):
        for item in split_list(value):
            parts = split_outside(item, ";")
            next(parts)
            after = parameters(parts).get("answer-after")
            if after is not None and after.isascii() and after.isdigit():
                yield Wish("call-info", delay=Seconds(min(float(after), _LONGEST)))


def _alert_info(headers: HeaderPairs) -> Iterator[Wish]:
    for value in _values(headers, "alert-info"):
        if _ALERTS.search(value):
            parts = split_outside(value, ";")
            next(parts)
            delay = parameters(parts).get("delay", "")
            seconds = float(delay) if delay.isascii() and delay.isdigit() else 0.0
            yield Wish("alert-info", delay=Seconds(min(seconds, _LONGEST)))


def _address(caller: str, domain: str) -> str:
    """Whom a user or URI means, for comparing: `user@host`, the host in lower case."""
    scheme, colon, rest = caller.partition(":")
    bare = rest if colon and scheme.lower() in ("sip", "sips") else caller
    user, at, host = bare.partition(";")[0].partition("?")[0].partition("@")
    return f"{user}@{host.partition(':')[0].lower()}" if at else f"{user}@{domain.lower()}"
