"""[door]: the door that this unit opens. Without the table it opens none, and there are no codes to begin with."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from appliance.config.secret import Secret
from appliance.config.table import Table
from appliance.units import Seconds

WAYS: Final = ("dtmf", "keypad")
_CODE: Final = re.compile(r"[0-9]{4,12}")


@dataclass(frozen=True, kw_only=True)
class Code:
    """[[door.code]]: a code of one person."""

    name: str
    """Whose it is: what the audit says."""
    digits: Secret
    """4 to 12 digits."""
    ways: tuple[str, ...] = WAYS
    """Where it may be entered: dtmf, by the party that this unit called; keypad, at the door."""
    times: tuple[str, ...] = ()
    """When it is good, like "mon-fri 07:00-19:00"; always where the file says nothing."""
    first: date | None = None
    """Its first day."""
    last: date | None = None
    """Its last day."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """The whole table."""

    code: tuple[Code, ...] = ()
    """The codes."""
    pulse: Seconds = Seconds(3.0)
    """Seconds that the strike is released, 0.5 to 10."""
    commands: bool = False
    """Whether it opens by a command over MQTT."""
    audit: Path | None = None
    """The file that every attempt is written to."""
    paper_relay: Path | None = field(default=None)
    """For trials without a relay: a file that its changes are written to, in place of the board's strike."""


def door(table: Table) -> Door:
    """Read it; what is wrong is complained of."""
    codes = tuple(_code(entry) for entry in table.tables("code"))
    door = Door(
        code=codes,
        pulse=Seconds(table.number("pulse", Door.pulse, 0.5, 10.0)),
        commands=table.flag("commands"),
        audit=table.path("audit"),
        paper_relay=table.path("paper_relay"),
    )
    digits = [code.digits for code in codes if code.digits]
    if len(set(digits)) != len(digits):
        table.complain("code", "door.code: two codes have the same digits, so that nobody could tell who came")
    if door.commands and door.audit is None:
        table.complain("commands", "door.commands needs door.audit: what opens a door is written down")
    table.finish()
    return door


def _code(table: Table) -> Code:
    code = Code(
        name=table.text("name", required=True),
        digits=table.secret("digits", required=True),
        ways=table.texts("ways", WAYS, check=_way) or WAYS,
        times=table.texts("times"),
        first=table.date("first"),
        last=table.date("last"),
    )
    if code.digits and not _CODE.fullmatch(code.digits.reveal()):
        table.complain("digits", "door.code.digits can't be used: allowed are 4 to 12 digits")
    if code.first is not None and code.last is not None and code.last < code.first:
        table.complain("last", f"door.code.last = {code.last} can't be used: allowed is a day from {code.first} on")
    table.finish()
    return code


def _way(value: str) -> str:
    return "" if value in WAYS else f"one of {', '.join(WAYS)}"
