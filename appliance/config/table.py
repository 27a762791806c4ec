"""One table of a configuration file: typed reading that collects problems instead of stopping at the first."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from appliance.config.secret import HIDDEN, Secret

Check = Callable[[str], str]
"""Takes a value; returns what would be allowed instead, or "" if it is good."""

Choice = TypeVar("Choice", bound=StrEnum)

_SECRET_WORDS: Final = ("password", "secret", "token", "key")


@dataclass
class Problems:
    """Sentences for the person who wrote the file, each with the file and, where it is known, the line."""

    file: str
    lines: Mapping[str, int]
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, name: str, sentence: str) -> None:
        """Something is wrong with the key called `name` in full."""
        parent = name.rpartition(".")[0]
        line = self.lines.get(name) or self.lines.get(parent) or 0
        place = f"{self.file}:{line}" if line else self.file
        self.found.append((line, f"{place}: {sentence}"))

    def sentences(self) -> list[str]:
        """In the order of the file."""
        return [sentence for _, sentence in sorted(self.found, key=lambda entry: entry[0])]


class Table:
    """A table and what is wrong with it. Every method returns its default for a value that can't be used."""

    def __init__(self, name: str, values: Mapping[str, object], problems: Problems, folder: Path) -> None:
        self._name = name
        self._values = values
        self._problems = problems
        self._folder = folder
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    @property
    def names(self) -> tuple[str, ...]:
        """Its keys, as the file has them."""
        return tuple(self._values)

    def is_empty(self, key: str) -> bool:
        """Whether the value at `key` is an empty list or text."""
        return self._values.get(key) in ([], "")

    def known(self, *keys: str) -> None:
        """These keys are known, though nothing may have read them."""
        self._known.extend(keys)

    def complain(self, key: str, sentence: str) -> None:
        """Report `sentence` as wrong at `key`."""
        self._problems.add(self._full(key), sentence)

    def text(self, key: str, default: str = "", *, check: Check | None = None, required: bool = False) -> str:
        """A text; `check` decides what it may look like."""
        value = self._take(key, str, "a text in quotes", required=required)
        if value is None:
            return default
        if required and not value:
            self.complain(key, f"{self._full(key)} is empty")
        elif allowed := check(value) if check else "":
            self._refuse(key, value, allowed)
            return default
        return str(value)

    def texts(self, key: str, default: tuple[str, ...] = (), *, check: Check | None = None) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        value = self._take(key, (list, str), "a list of texts in quotes")
        if value is None:
            return default
        entries = [value] if isinstance(value, str) else list(value)
        good: list[str] = []
        for entry in entries:
            allowed = "a text in quotes" if not isinstance(entry, str) else check(entry) if check else ""
            if allowed:
                self._refuse(key, entry, allowed)
            else:
                good.append(entry)
        return tuple(good)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number from `low` to `high`, both allowed."""
        value = self._take(key, (int, float), f"a number from {low:g} to {high:g}")
        if value is None:
            return default
        if not low <= value <= high:
            self._refuse(key, value, f"a number from {low:g} to {high:g}")
            return default
        return float(value)

    def integer(self, key: str, default: int, low: int, high: int, *, required: bool = False) -> int:
        """A whole number from `low` to `high`, both allowed."""
        value = self._take(key, int, f"a whole number from {low} to {high}", required=required)
        if value is None:
            return default
        if not low <= value <= high:
            self._refuse(key, value, f"a whole number from {low} to {high}")
            return default
        return int(value)

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """A list, which has to be there and not empty, of whole numbers from `low` to `high`, both allowed."""
        allowed = f"a list of whole numbers from {low} to {high}"
        value = self._take(key, list, allowed, required=True)
        if value is None:
            return ()
        if not value or any(type(entry) is not int or not low <= entry <= high for entry in value):
            self._refuse(key, value, allowed)
            return ()
        return tuple(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """`true` or `false`."""
        value = self._take(key, bool, "true or false")
        return default if value is None else bool(value)

    def date(self, key: str) -> date | None:
        """A day, like 2026-12-31, without quotes."""
        value = self._take(key, date, "a day like 2026-12-31, without quotes")
        if isinstance(value, datetime):
            self._refuse(key, value, "a day like 2026-12-31, without an hour")
            return None
        return value if isinstance(value, date) else None

    def choice(self, key: str, default: Choice) -> Choice:
        """One of the values of an enumeration."""
        kind = type(default)
        value = self._take(key, str, one_of(kind))
        if value is None:
            return default
        if value not in set(kind):
            self._refuse(key, value, one_of(kind), near=kind)
            return default
        return kind(value)

    def path(self, key: str, *, must_exist: bool = False) -> Path | None:
        """A path; a relative one is taken from the folder of the configuration file."""
        value = self._take(key, str, "a path in quotes")
        if value is None:
            return None
        path = self._folder / Path(value).expanduser()
        if must_exist and not path.is_file():
            self.complain(key, f"{self._full(key)}: there is no file {path}")
            return None
        return path

    def secret(self, key: str, *, required: bool = False) -> Secret:
        """The password at `key`, or the first line of the file that `<key>_file` names. Never both."""
        file = self.path(f"{key}_file", must_exist=True)
        value = self._take(key, str, "a text in quotes")
        if f"{key}_file" in self and key in self:
            self.complain(key, f"{self._full(key)} and {key}_file are both given: keep one of them")
        elif file is not None:
            try:
                return read_secret(file)
            except (OSError, ValueError) as error:
                self.complain(f"{key}_file", f"{self._full(key)}_file: {_cause(error)}")
        elif required and not value and f"{key}_file" not in self:
            self.complain(key, f"{self._full(key)} is missing: give it, or better the path of a file as {key}_file")
        return Secret(value or "")

    def finish(self) -> None:
        """Report what nobody asked for: unknown keys, and which one was probably meant."""
        for key in self._values:
            if key not in self._known:
                advice = did_you_mean(key, self._known) or f"; known are {', '.join(sorted(self._known))}"
                where = f"in [{self._name}]" if self._name else "at the top of the file"
                self.complain(key, f"{key} is not known {where}{advice}")

    def table(self, key: str) -> "Table":
        """The table inside this one, empty where there is none."""
        value = self._take(key, dict, "a table")
        return Table(self._full(key), value or {}, self._problems, self._folder)

    def tables(self, key: str) -> "tuple[Table, ...]":
        """The tables of a list like `[[door.code]]`, none where there is none."""
        value = self._take(key, list, "a list of tables")
        if value is None:
            return ()
        name = self._full(key)
        if any(not isinstance(entry, dict) for entry in value):
            self._refuse(key, value, "a list of tables")
            return ()
        return tuple(Table(name, entry, self._problems, self._folder) for entry in value)

    def _take(self, key: str, kind: type | tuple[type, ...], allowed: str, *, required: bool = False) -> Any:
        """The value if it is of one of the kinds, else None, reported. `true` is not taken for a number."""
        self._known.append(key)
        if key not in self._values:
            if required:
                self.complain(key, f"{self._full(key)} is missing")
            return None
        value = self._values[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self._refuse(key, value, allowed)
            return None
        return value

    def _refuse(self, key: str, value: object, allowed: str, *, near: Iterable[str] = ()) -> None:
        shown = HIDDEN if any(word in key for word in _SECRET_WORDS) else _shown(value)
        advice = did_you_mean(value, near) if isinstance(value, str) else ""
        self.complain(key, f"{self._full(key)} = {shown} can't be used: allowed is {allowed}{advice}")

    def _full(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key


def read_secret(file: Path) -> Secret:
    """The first line of `file`.

    Raises:
        OSError: it can't be read.
        ValueError: it is empty, or not a text.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        raise ValueError(f"{file} is empty: its first line is the password")
    return Secret(lines[0])


def readable_by_others(file: Path) -> bool:
    """Whether other users of the machine can read `file`."""
    return bool(file.stat().st_mode & 0o077)


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the likeliest of `known`, or ""."""
    near = difflib.get_close_matches(value.lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def one_of(values: Iterable[str]) -> str:
    """The values as people list them."""
    return "one of " + ", ".join(values)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _cause(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not a text"
    if isinstance(error, OSError):
        return f"{error.filename} can't be read: {error.strerror}"
    return str(error)
