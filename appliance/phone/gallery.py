"""Pictures of the screens for people: one as the display shows it, enlarged, and all of them on a sheet."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from appliance.phone.dial_plan import DialPlan
from appliance.phone.inputs import (
    ButtonPressed,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallPlaced,
    ClockRead,
    ConferenceChanged,
    DoNotDisturbChanged,
    EarlyMediaStarted,
    HoldChanged,
    HookChanged,
    Identified,
    IncomingCall,
    Input,
    KeyPressed,
    LineChanged,
    MediaChanged,
    MuteChanged,
    QualityMeasured,
    ReconnectionChanged,
    RemoteRinging,
    TextShown,
    TimePassed,
)
from appliance.phone.machine import Machine
from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH, Button
from appliance.phone.screen import Screen
from appliance.phone.screen_image import draw
from appliance.phone.screens import screen_of
from appliance.phone.state import PhoneSettings
from appliance.units import Seconds

SETTINGS: Final = PhoneSettings(name="Front door", number="100", dial_plan=DialPlan())

Story = tuple[tuple[float, Input], ...]
"""Inputs, each so many seconds after the one before."""

_UP: Final[Story] = ((0, HookChanged(off_hook=False)), (0, LineChanged(registered=True)), (0, ClockRead("14:05")))
_DIALLED: Final[Story] = (
    *_UP,
    (1, HookChanged(off_hook=True)),
    *((0.3, KeyPressed(key)) for key in "101#"),
    (0, CallPlaced(attempt=1, call="a")),
)
_TALKING: Final[Story] = (
    *_UP,
    (1, IncomingCall(call="a", number="0171 5550134", name="Jürgen Müßig")),
    (3, HookChanged(off_hook=True)),
    (1, CallAnswered(call="a")),
    (65, QualityMeasured(call="a", codec="Opus", mos=4.3)),
)

_KNOCKED: Final[Story] = (*_TALKING, (4, IncomingCall(call="b", number="102", name="Workshop")))

STORIES: Final[Mapping[str, Story]] = MappingProxyType(
    {
        "starting": (),
        "connecting": ((0, HookChanged(off_hook=False)),),
        "idle": _UP,
        "idle, a call missed": (
            *_UP,
            (1, IncomingCall(call="a", number="102", name="Workshop")),
            (9, CallEnded(call="a", status=487)),
        ),
        "idle, with words": (*_UP, (1, TextShown(text="Back at 14:00, ring at the shop", seconds=Seconds(600.0)))),
        "identify": (*_UP, (1, Identified(seconds=Seconds(10.0)))),
        "asked to call": (*_UP, (1, CallOffered(number="101"))),
        "no registrar": (*_UP, (1, LineChanged(registered=False))),
        "password refused": (*_UP, (1, LineChanged(registered=False, refused=True))),
        "number first": (*_UP, *((0.3, KeyPressed(key)) for key in "01715550134")),
        "lifted": (*_DIALLED[:-5], (0, HookChanged(off_hook=True))),
        "dialling": (*_UP, (1, HookChanged(off_hook=True)), *((0.3, KeyPressed(key)) for key in "4711")),
        "calling": _DIALLED,
        "far end rings": (*_DIALLED, (1, RemoteRinging(call="a"))),
        "early media": (*_DIALLED, (1, EarlyMediaStarted(call="a"))),
        "incoming": _TALKING[:4],
        "incoming, no name": (*_UP, (1, IncomingCall(call="a", number="+4930123456"))),
        "answering": _TALKING[:5],
        "in call": _TALKING,
        "in call, poor": (*_TALKING, (700, QualityMeasured(call="a", codec="PCMU", mos=2.9))),
        "digits sent": (*_TALKING, *((1, KeyPressed(key)) for key in "12#")),
        "muted": (*_TALKING, (4, MuteChanged(call="a", muted=True))),
        "on hold": (*_TALKING, (9, HoldChanged(call="a", held=True))),
        "another calls": _KNOCKED,
        "R and a digit": (*_KNOCKED, (1, ButtonPressed(Button.FLASH))),
        "one held, one talking": (
            *_KNOCKED,
            (1, KeyPressed(key="B")),
            (0.5, HoldChanged(call="a", held=True)),
            (0.5, CallAnswered(call="b")),
            (12, QualityMeasured(call="b", codec="Opus", mos=4.1)),
        ),
        "R with one held": (
            *_KNOCKED,
            (1, KeyPressed(key="B")),
            (0.5, HoldChanged(call="a", held=True)),
            (0.5, CallAnswered(call="b")),
            (12, ButtonPressed(Button.FLASH)),
        ),
        "conference": (
            *_KNOCKED,
            (1, KeyPressed(key="B")),
            (0.5, CallAnswered(call="b")),
            (9, ConferenceChanged(calls=("a", "b"))),
        ),
        "do not disturb": (*_UP, (1, DoNotDisturbChanged(on=True))),
        "held by the far end": (*_TALKING, (9, HoldChanged(call="a", held=True, remote=True))),
        "reconnecting": (
            *_TALKING,
            (9, ReconnectionChanged(call="a", reconnecting=True)),
            (0, MediaChanged(call="a", flows=False)),
        ),
        "busy": (*_DIALLED, (1, CallEnded(call="a", status=486))),
        "not found": (*_DIALLED, (1, CallEnded(call="a", status=404))),
        "no common codec": (*_DIALLED, (1, CallEnded(call="a", status=488))),
        "ended": (*_TALKING, (12, CallEnded(call="a"))),
        "lifted, no registrar": (*_UP, (1, LineChanged(registered=False)), (1, HookChanged(off_hook=True))),
        "off-hook too long": (*_TALKING, (12, CallEnded(call="a")), (60, TimePassed())),
        "handset off": ((0, HookChanged(off_hook=True)), (0, LineChanged(registered=True))),
    }
)
"""Every screen, by a name for people, as what has to happen to see it."""

LIT: Final = (255, 196, 84)
_GLOW: Final = (176, 130, 48)
"""Between lit dots: they shine into the gap."""
_DARK: Final = (12, 11, 10)
_UNLIT: Final = (24, 21, 17)
_PAPER: Final = (246, 245, 242)
_INK: Final = (60, 58, 54)


def told(story: Story, settings: PhoneSettings = SETTINGS) -> Screen:
    """The screen at the end of a story."""
    machine = Machine(settings)
    now = Seconds(0.0)
    for wait, happened in story:
        now = Seconds(now + wait)
        machine.handle(happened, now)
    return screen_of(machine.state, now, settings)


def enlarged(screen: Screen, scale: int = 4) -> Image.Image:
    """The screen as a photograph of the display shows it: `scale` pixels a dot, from 3 on with gaps between."""
    dots = draw(screen)
    margin = scale * 3
    size = (DISPLAY_WIDTH * scale + 2 * margin, DISPLAY_HEIGHT * scale + 2 * margin)
    picture = Image.new("RGB", size, _DARK)
    pen = ImageDraw.Draw(picture)
    gap = 1 if scale >= 3 else 0
    for y in range(DISPLAY_HEIGHT):
        for x in range(DISPLAY_WIDTH):
            left, top = margin + x * scale, margin + y * scale
            lit = bool(dots.getpixel((x, y)))
            pen.rectangle((left, top, left + scale - 1, top + scale - 1), fill=_GLOW if lit else _DARK)
            pen.rectangle((left, top, left + scale - 1 - gap, top + scale - 1 - gap), fill=LIT if lit else _UNLIT)
    return picture


def sheet(columns: int = 4, scale: int = 2) -> Image.Image:
    """All screens with their names."""
    tiles = [(name, enlarged(told(story), scale)) for name, story in STORIES.items()]
    wide, high = tiles[0][1].size
    caption, space = 24, 14
    rows = -(-len(tiles) // columns)
    size = (columns * (wide + space) + space, rows * (high + caption + space) + space)
    picture = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(15)
    for at, (name, tile) in enumerate(tiles):
        x = space + at % columns * (wide + space)
        y = space + at // columns * (high + caption + space)
        picture.paste(tile, (x, y))
        pen.text((x + 2, y + high + 4), name, fill=_INK, font=font)
    return picture


def render_sheet(path: Path) -> None:
    """Write the sheet of all screens as a PNG."""
    sheet().save(path, format="PNG", optimize=True)


def render_in_call(path: Path) -> None:
    """Write the display in a call, four times its size, as a PNG."""
    enlarged(told(STORIES["in call"])).save(path, format="PNG", optimize=True)
