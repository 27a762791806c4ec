"""Screens as pixels: 128×64 of one bit, legible at arm's length.

    y  0-11   title             state icons
      12      ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
      14-52   the one thing to see
      54-63   what can be done now

It draws here and not in `devices`, because simulators and the documentation show the same pixels.
"""

from typing import Final

from PIL import Image

from appliance.phone.canvas import HEADLINE, Canvas, Font, drawable, shortened, tail, width, wrapped
from appliance.phone.icons import LARGE, LINE_DOWN, MICROPHONE_OFF
from appliance.phone.ports import DISPLAY_WIDTH
from appliance.phone.screen import Screen, ScreenKind

_TITLE_BASE: Final = 9
_RULE: Final = 12
_HINT_BASE: Final = 62
ROWS: Final = 3
"""Rows of a list that are seen at once."""
_ROW: Final = 13
_MIDDLE: Final = DISPLAY_WIDTH // 2

_ICONS: Final = {
    ScreenKind.STARTING: "handset",
    ScreenKind.IDENTIFY: "bell",
    ScreenKind.OFFLINE: "warning",
    ScreenKind.UNAVAILABLE: "warning",
    ScreenKind.HANDSET_OFF: "lifted",
    ScreenKind.DIAL_TONE: "lifted",
    ScreenKind.BUSY: "busy",
    ScreenKind.FAILED: "warning",
    ScreenKind.ENDED: "handset",
    ScreenKind.CALLING: "handset",
    ScreenKind.RINGING: "bell",
    ScreenKind.EARLY_MEDIA: "speaker",
    ScreenKind.INCOMING: "bell",
    ScreenKind.ANSWERING: "lifted",
    ScreenKind.ON_HOLD: "pause",
}


def draw(screen: Screen) -> Image.Image:
    """The screen as an image of mode "1", 128×64."""
    canvas = Canvas()
    match screen.kind:
        case ScreenKind.HANG_UP:
            _alarm(canvas, screen)
        case ScreenKind.NUMBER:
            _bar(canvas, screen)
            _number(canvas, screen)
        case ScreenKind.IDLE:
            _bar(canvas, screen)
            _idle(canvas, screen)
        case ScreenKind.NOTICE:
            _bar(canvas, screen)
            _notice(canvas, screen)
        case ScreenKind.LIST:
            _bar(canvas, screen)
            _rows(canvas, screen)
        case ScreenKind.IN_CALL | ScreenKind.ON_HOLD:
            _bar(canvas, screen)
            _in_call(canvas, screen)
        case (
            ScreenKind.CALLING
            | ScreenKind.RINGING
            | ScreenKind.EARLY_MEDIA
            | ScreenKind.INCOMING
            | ScreenKind.ANSWERING
        ):
            _bar(canvas, screen, inverted=screen.kind is ScreenKind.INCOMING)
            _peer(canvas, screen)
        case _:
            _bar(canvas, screen)
            _message(canvas, screen)
    return canvas.image


def render(screen: Screen) -> bytes:
    """The screen as a `Display` takes it: 1024 bytes, 64 rows of 16, most significant bit leftmost, 1 is lit."""
    return draw(screen).tobytes()


def _bar(canvas: Canvas, screen: Screen, *, inverted: bool = False) -> None:
    if inverted:
        canvas.box(0, 0, DISPLAY_WIDTH - 1, _RULE - 1)
    else:
        canvas.line(_RULE)
    right = DISPLAY_WIDTH - 1
    if screen.bars is not None:
        right = _bars(canvas, right, screen.bars) - 4
    if not screen.ready:
        right -= len(LINE_DOWN[0])
        canvas.icon(right, 1, LINE_DOWN, lit=not inverted)
        right -= 4
    if screen.muted:
        right -= len(MICROPHONE_OFF[0])
        canvas.icon(right, 0, MICROPHONE_OFF, lit=not inverted)
        right -= 4
    title = shortened(drawable(screen.title), Font.SMALL_BOLD, right - 5)
    canvas.text(4 if inverted else 1, _TITLE_BASE, title, Font.SMALL_BOLD, lit=not inverted)


def _bars(canvas: Canvas, right: int, count: int) -> int:
    left = right - 14
    for step in range(4):
        x = left + step * 4
        top = 8 - step * 2
        if step < count:
            canvas.box(x, top, x + 2, 9)
        else:
            canvas.box(x, 9, x + 2, 9)
    return left


def _hint(canvas: Canvas, text: str, *, base: int = _HINT_BASE) -> None:
    canvas.text(_MIDDLE, base, shortened(drawable(text), Font.SMALL, DISPLAY_WIDTH), Font.SMALL, anchor="m")


def _fitting(text: str, room: int, fonts: tuple[Font, ...] = HEADLINE) -> Font:
    return next((font for font in fonts if width(text, font) <= room), fonts[-1])


def _number(canvas: Canvas, screen: Screen) -> None:
    number = drawable(screen.headline)
    font = _fitting(number, DISPLAY_WIDTH - 8)
    canvas.text(_MIDDLE, 41, tail(number, font, DISPLAY_WIDTH - 8), font, anchor="m")
    end = _MIDDLE + (min(width(number, font), DISPLAY_WIDTH - 8) + 1) // 2
    canvas.box(end + 1, 43, min(end + 6, DISPLAY_WIDTH - 1), 44)
    _hint(canvas, screen.hint)


def _rows(canvas: Canvas, screen: Screen) -> None:
    for number, row in enumerate(screen.rows[:ROWS]):
        top = _RULE + 2 + number * _ROW
        chosen = number == screen.chosen
        if chosen:
            canvas.pill(0, top, DISPLAY_WIDTH - 1, top + _ROW - 1)
        text = shortened(drawable(row), Font.BODY, DISPLAY_WIDTH - 6)
        canvas.text(3, top + 10, text, Font.BODY, lit=not chosen)
    _hint(canvas, screen.hint)


def _idle(canvas: Canvas, screen: Screen) -> None:
    headline = drawable(screen.headline)
    font = _fitting(headline, DISPLAY_WIDTH)
    canvas.text(_MIDDLE, 36, shortened(headline, font, DISPLAY_WIDTH), font, anchor="m")
    detail = drawable(screen.detail)
    canvas.text(_MIDDLE, 49, shortened(detail, Font.BODY, DISPLAY_WIDTH), Font.BODY, anchor="m")
    _hint(canvas, screen.hint)


def _notice(canvas: Canvas, screen: Screen) -> None:
    text = drawable(screen.headline)
    rows = wrapped(text, Font.MEDIUM, DISPLAY_WIDTH, 2)
    font, step = (Font.MEDIUM, 16) if " ".join(rows) == " ".join(text.split()) else (Font.BODY, 12)
    rows = rows if font is Font.MEDIUM else wrapped(text, font, DISPLAY_WIDTH, 3)
    top = 38 - (len(rows) - 1) * step // 2
    for row, line in enumerate(rows):
        canvas.text(_MIDDLE, top + row * step, line, font, anchor="m")
    _hint(canvas, screen.hint)


def _peer(canvas: Canvas, screen: Screen) -> None:
    icon = LARGE[_ICONS[screen.kind]]
    left = len(icon[0]) + 8
    room = DISPLAY_WIDTH - left
    canvas.icon(2, 33 - len(icon) // 2, icon)
    headline = drawable(screen.headline)
    font = _fitting(headline, room, (Font.HUGE, Font.LARGE, Font.MEDIUM))
    if width(headline, font) > room and " " in headline and not screen.detail:
        _two_rows(canvas, left, headline, room)
    else:
        base = 33 if screen.detail else 40
        canvas.text(left, base, shortened(headline, font, room), font)
        canvas.text(left, 47, shortened(drawable(screen.detail), Font.BODY, room), Font.BODY)
    _hint(canvas, screen.hint)


def _two_rows(canvas: Canvas, left: int, text: str, room: int) -> None:
    for row, line in enumerate(wrapped(text, Font.MEDIUM, room, 2)):
        canvas.text(left, 30 + 15 * row, line, Font.MEDIUM)


def _message(canvas: Canvas, screen: Screen) -> None:
    icon = LARGE[_ICONS[screen.kind]]
    left = len(icon[0]) + 8
    room = DISPLAY_WIDTH - left
    canvas.icon(2, 33 - len(icon) // 2, icon)
    headline = drawable(screen.headline)
    font = _fitting(headline, room, (Font.HUGE, Font.LARGE, Font.MEDIUM))
    if screen.detail:
        canvas.text(left, 34, shortened(headline, font, room), font)
        canvas.text(left, 48, shortened(drawable(screen.detail), Font.BODY, room), Font.BODY)
    elif width(headline, font) > room:
        _two_rows(canvas, left, headline, room)
    else:
        canvas.text(left, 39, headline, font)
    _hint(canvas, screen.hint)


def _in_call(canvas: Canvas, screen: Screen) -> None:
    held = screen.kind is ScreenKind.ON_HOLD
    peer = drawable(screen.headline)
    font = _fitting(peer, DISPLAY_WIDTH, (Font.LARGE, Font.MEDIUM))
    canvas.text(1, 27, shortened(peer, font, DISPLAY_WIDTH - 1), font)
    canvas.text(1, 51, screen.timer, Font.GIANT if len(screen.timer) < 6 else Font.HUGE)
    right = DISPLAY_WIDTH - 2
    if held:
        canvas.icon(right - 14, 33, LARGE["pause"])
    elif screen.detail:
        _badge(canvas, right, drawable(screen.detail))
    if screen.codec and not held:
        canvas.text(right, 51, drawable(screen.codec), Font.SMALL, anchor="r")
    _hint(canvas, screen.hint)


def _badge(canvas: Canvas, right: int, text: str) -> None:
    shown = tail(text, Font.SMALL_BOLD, 50)
    left = right - width(shown, Font.SMALL_BOLD) - 6
    canvas.pill(left, 31, right, 41)
    canvas.text(left + 3, 39, shown, Font.SMALL_BOLD, lit=False)


def _alarm(canvas: Canvas, screen: Screen) -> None:
    canvas.box(0, 0, DISPLAY_WIDTH - 1, 63)
    icon = LARGE["handset"]
    canvas.icon(_MIDDLE - len(icon[0]) // 2, 8, icon, lit=False)
    text = drawable(screen.headline)
    font = _fitting(text, DISPLAY_WIDTH - 8, (Font.HUGE, Font.LARGE, Font.MEDIUM))
    canvas.text(_MIDDLE, 52, shortened(text, font, DISPLAY_WIDTH - 8), font, anchor="m", lit=False)
