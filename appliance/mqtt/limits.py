"""What a field of a command may hold, beside its type: `Annotated[int, Range(0, 100)]`. Parser and schema read it."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `low` to `high`, both allowed."""

    low: float
    high: float

    def admits(self, value: float) -> bool:
        """Whether `value` may be used."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Letters:
    """A text of at most `longest` characters on one line, all of them of `pattern`, which `words` describe."""

    longest: int
    pattern: str = ""
    words: str = ""

    def admits(self, value: str) -> bool:
        """Whether `value` may be used."""
        good = re.fullmatch(self.pattern, value) is not None if self.pattern else value.isprintable()
        return len(value) <= self.longest and good

    def __str__(self) -> str:
        return f"at most {self.longest} {self.words or 'printable characters'}"
