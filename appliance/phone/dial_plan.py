"""When is a number complete, and may it be called?

Patterns are those of telephone exchanges: a digit (or `*`, `#`) stands for itself, `X` for 0-9, `Z` for 1-9, `N` for
2-9, `[13-5]` for one of a set, and a `.` at the end for one digit or more. `1XX` is complete with its third digit;
`0.` never is, so that it waits for the inter-digit timeout or `#`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.errors import UsageError
from appliance.units import Seconds

LONGEST: Final = 32
"""Keys a number may have; further ones are not taken (E.164 numbers have at most 15 digits)."""

_CLASSES: Final = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
_LITERALS: Final = frozenset("0123456789*#")


class Fit(StrEnum):
    """How a number fits a pattern."""

    NO = "no"
    BEGINNING = "beginning"
    """More digits are needed."""
    WHOLE = "whole"
    """It fits, and one more digit would not."""
    OPEN = "open"
    """It fits, and so would more digits."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern of the plan, read: the keys allowed at each place, and whether more may follow."""

    text: str
    places: tuple[frozenset[str], ...]
    open_ended: bool

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Read a pattern. Raises `UsageError` that quotes it and says what is wrong."""
        body, dot, rest = text.partition(".")
        if rest or not text:
            raise UsageError(f"dial plan pattern {text!r}: it must not be empty, and a '.' is only allowed at its end")
        places = tuple(_places(text, body))
        if dot:
            places = (*places, frozenset(_CLASSES["X"]))
        return cls(text=text, places=places, open_ended=bool(dot))

    def fit(self, number: str) -> Fit:
        """How `number` fits."""
        for key, allowed in zip(number, self.places, strict=False):
            if key not in allowed:
                return Fit.NO
        if len(number) < len(self.places):
            return Fit.BEGINNING
        if self.open_ended:
            rest = number[len(self.places) :]
            return Fit.OPEN if all(key in _CLASSES["X"] for key in rest) else Fit.NO
        return Fit.WHOLE if len(number) == len(self.places) else Fit.NO


def _places(text: str, body: str) -> Iterator[frozenset[str]]:
    at = 0
    while at < len(body):
        char = body[at]
        if char == "[":
            end = body.find("]", at)
            if end <= at + 1:
                raise UsageError(f"dial plan pattern {text!r}: '[' at position {at + 1} needs keys and a ']'")
            yield _members(text, body[at + 1 : end])
            at = end
        elif char.upper() in _CLASSES:
            yield frozenset(_CLASSES[char.upper()])
        elif char in _LITERALS:
            yield frozenset(char)
        else:
            raise UsageError(
                f"dial plan pattern {text!r}: {char!r} is not allowed; use 0-9 * # X Z N [set] and a '.' at the end"
            )
        at += 1


def _members(text: str, inside: str) -> frozenset[str]:
    keys: set[str] = set()
    at = 0
    while at < len(inside):
        first = last = inside[at]
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            last = inside[at + 2]
            at += 2
        if first not in _LITERALS or last not in _LITERALS or first > last:
            raise UsageError(
                f"dial plan pattern {text!r}: the set [{inside}] may hold 0-9, * and #, and ranges like 3-5"
            )
        keys.update(key for key in _LITERALS if first <= key <= last)
        at += 1
    return frozenset(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """The plan of one telephone. Build it with `DialPlan.of(...)` from configured texts."""

    patterns: tuple[Pattern, ...] = ()
    """Numbers that are dialled as soon as they are complete. Others can be dialled all the same."""

    blocked: tuple[Pattern, ...] = ()
    """Numbers that are refused here, emergency numbers excepted."""

    emergency: tuple[str, ...] = ("112", "911")
    """Numbers that are never refused, and tried even while the line is not registered."""

    inter_digit: Seconds = Seconds(4.0)
    """Wait after a digit before the number is taken as complete, in seconds."""

    emergency_wait: Seconds = Seconds(1.5)
    """The same after an emergency number that might still become a longer number, in seconds."""

    @classmethod
    def of(
        cls,
        *,
        patterns: tuple[str, ...] = (),
        blocked: tuple[str, ...] = (),
        emergency: tuple[str, ...] = ("112", "911"),
        inter_digit: Seconds = Seconds(4.0),
    ) -> "DialPlan":
        """A plan of patterns as they are written. Raises `UsageError`."""
        return cls(
            patterns=tuple(Pattern.parse(text) for text in patterns),
            blocked=tuple(Pattern.parse(text) for text in blocked),
            emergency=emergency,
            inter_digit=inter_digit,
        )

    def patience(self, number: str) -> Seconds:
        """How long to wait for another digit after `number`, in seconds; zero if it is to be dialled now."""
        fits = {pattern.fit(number) for pattern in self.patterns}
        longer_possible = not self.patterns or bool(fits & {Fit.BEGINNING, Fit.OPEN})
        if self.is_emergency(number):
            return min(self.emergency_wait, self.inter_digit) if longer_possible else Seconds(0.0)
        if Fit.WHOLE in fits and not longer_possible:
            return Seconds(0.0)
        return self.inter_digit

    def is_emergency(self, number: str) -> bool:
        """Whether `number` is one of the emergency numbers."""
        return number in self.emergency

    def permits(self, number: str) -> bool:
        """Whether `number` may be called from here."""
        if self.is_emergency(number):
            return True
        return not any(pattern.fit(number) in {Fit.WHOLE, Fit.OPEN} for pattern in self.blocked)


def extended(number: str, key: str) -> str:
    """The number with one more key, if it still takes one."""
    return number + key if len(number) < LONGEST else number


def hash_is_a_digit(number: str) -> bool:
    """Whether `#` after `number` belongs to it: at the beginning and in service codes like `*21*100#` or `#31#`.

    Everywhere else `#` means "that was all of it".
    """
    return number == "" or number[0] in "*#"
