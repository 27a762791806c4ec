"""[phone]: how the telephone behaves towards the person at it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.config import formats
from appliance.config.table import Table
from appliance.units import Seconds

OWN_BUTTONS: Final = ("hook", "flash", "mute", "dnd", "redial")
"""Buttons that mean the same on every telephone; `phone.ports.Button` has them too."""


class Language(StrEnum):
    """What the display speaks."""

    ENGLISH = "en"
    GERMAN = "de"
    SPANISH = "es"


@dataclass(frozen=True, kw_only=True)
class RingDown:
    """[[phone.button]]: a button of the board that calls somebody, like that of a door."""

    name: str
    """The button's name in the board file."""
    call: tuple[str, ...]
    """Numbers, called one after the other until somebody answers."""
    seconds: Seconds = Seconds(20.0)
    """How long each may ring, 5 to 120."""


@dataclass(frozen=True, kw_only=True)
class Phone:
    """The whole table."""

    language: Language = Language.ENGLISH
    """Of the display."""
    dark_after: Seconds = Seconds(600.0)
    """Seconds at rest until the display goes dark, 30 to 86400: an OLED that is never dark burns in."""
    call_waiting: bool = True
    """Whether others can call during a call; without, they are busy."""
    hook_flash: bool = True
    """Whether a handset that is down for 80 to 500 ms asks for something; without, it ends its call at once."""
    hotline: tuple[str, ...] = ()
    """Numbers that are called when the handset is lifted, one after the other."""
    hotline_delay: Seconds = Seconds(0.0)
    """Seconds that the dial tone waits for a key before that, 0 to 30; 0 is no dial tone at all."""
    longest_call: Seconds | None = None
    """Seconds after which a call is ended, 30 to 86400; emergency calls never are."""
    button: tuple[RingDown, ...] = ()
    """Buttons that call."""


def phone(table: Table) -> Phone:
    """Read it; what is wrong is complained of."""
    longest = Seconds(table.number("longest_call", 30.0, 30.0, 86_400.0)) if "longest_call" in table else None
    table.known("longest_call")
    phone = Phone(
        language=table.choice("language", Language.ENGLISH),
        dark_after=Seconds(table.number("dark_after", Phone.dark_after, 30.0, 86_400.0)),
        call_waiting=table.flag("call_waiting", default=Phone.call_waiting),
        hook_flash=table.flag("hook_flash", default=Phone.hook_flash),
        hotline=table.texts("hotline", check=formats.sip_user),
        hotline_delay=Seconds(table.number("hotline_delay", Phone.hotline_delay, 0.0, 30.0)),
        longest_call=longest,
        button=tuple(_button(entry) for entry in table.tables("button")),
    )
    if "hotline_delay" in table and not phone.hotline:
        table.complain("hotline_delay", "phone.hotline_delay is of no use without phone.hotline")
    names = [button.name for button in phone.button]
    if len(set(names)) != len(names):
        table.complain("button", "phone.button: two of them have the same name")
    table.finish()
    return phone


def _button(table: Table) -> RingDown:
    button = RingDown(
        name=table.text("name", required=True, check=_own_name),
        call=table.texts("call", check=formats.sip_user),
        seconds=Seconds(table.number("seconds", RingDown.seconds, 5.0, 120.0)),
    )
    if not button.call:
        table.complain("call", "phone.button.call is missing: the numbers that this button calls")
    table.finish()
    return button


def _own_name(value: str) -> str:
    if value in OWN_BUTTONS:
        return f"another name: {', '.join(OWN_BUTTONS)} mean the same everywhere"
    return formats.topic_name(value)
