"""What keeps an OLED from burning in: nothing stands still on it for long, and nothing at all while nobody is there.

An OLED shown the same for months is unreadable where it was lit. So a telephone at rest moves its picture by a dot
every minute and, after a while without anybody, goes dark; whatever happens then lights it, and counts all the same.
"""

from typing import Final

from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH
from appliance.units import Seconds

_PLACES: Final = ((0, 0), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))
"""Where the picture stands in turn, in dots to the right and down."""
_PERIOD: Final = Seconds(60.0)
_ROW: Final = DISPLAY_WIDTH // 8
_DARK: Final = bytes(_ROW * DISPLAY_HEIGHT)


class ScreenRest:
    """Decides what is really shown. Pure: it is told what happens, and the time.

    Args:
        dark_after: seconds at rest until the display goes dark; None is never.
    """

    def __init__(self, dark_after: Seconds | None) -> None:
        self._dark_after = dark_after
        self._since: Seconds | None = None

    def image(self, image: bytes, *, resting: bool, now: Seconds) -> bytes:
        """What to show of `image`; `resting` while nobody uses the telephone and nothing happens."""
        if not resting:
            self._since = None
            return image
        if self._since is None:
            self._since = now
        rested = now - self._since
        if self._dark_after is not None and rested >= self._dark_after:
            return _DARK
        return moved(image, *_PLACES[int(rested // _PERIOD) % len(_PLACES)])

    def touched(self) -> None:
        """Somebody or something is there: rest begins anew."""
        self._since = None


def moved(image: bytes, right: int, down: int) -> bytes:
    """`image` moved by so many dots; what leaves it on one side is gone, and nothing comes in on the other."""
    mask = (1 << DISPLAY_WIDTH) - 1
    rows = [int.from_bytes(image[at : at + _ROW]) for at in range(0, len(image), _ROW)]
    across = [(row >> right if right >= 0 else row << -right & mask).to_bytes(_ROW) for row in rows]
    empty = [bytes(_ROW)] * abs(down)
    stacked = empty + across[: DISPLAY_HEIGHT - down] if down >= 0 else across[-down:] + empty
    return b"".join(stacked)
