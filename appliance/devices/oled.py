"""A small OLED display on the I2C bus, through luma.oled.

    show ─ latest image ─▶ thread "display" ─ 25 to 55 ms an image ─▶ I2C

The display may be missing, or go and come back: the telephone works without, and the thread keeps looking for it.
"""

import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from PIL import Image

from appliance.errors import DriverError, UsageError
from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH

log = logging.getLogger(__name__)

CONTROLLERS: Final = ("ssd1306", "sh1106")
"""The display controllers that are known, by luma.oled's names."""

_SIZE: Final = DISPLAY_WIDTH * DISPLAY_HEIGHT // 8
_BLANK: Final = bytes(_SIZE)
_NOP: Final = 0xE3
"""Does nothing in both controllers, and tells whether there is one."""
_PROBE: Final = 0.5
"""Seconds without a new image after which the display is asked whether it is still there. One that lost its power for
a shorter time answers as if nothing had been, and is dark."""
_RETRY: Final = 1.0
"""Seconds between two attempts to find it."""
_PATIENCE: Final = 2.0
"""Seconds the thread is waited for, whose bus may hang."""

LumaDevice = Any
"""A `luma.core.device.device` of 128×64 in mode "1"."""


class Link(Protocol):
    """The way to a display."""

    @property
    def name(self) -> str:
        """The display's name in logs, for people."""

    def check(self) -> None:
        """Raise `DriverError` if no display will ever be found: a package or the bus is missing."""

    def connect(self) -> LumaDevice:
        """The display, switched on. Raises luma's errors or `OSError` if it does not answer."""


class I2cLink:
    """A display on an I2C bus of this machine.

    Args:
        controller: one of `CONTROLLERS`.
        bus: the number of the bus, 1 on the header of every Raspberry Pi.
        address: 0x3C or, by a jumper, 0x3D.
        turned: whether it is mounted upside down.
    """

    def __init__(self, controller: str, *, bus: int, address: int, turned: bool = False) -> None:
        self._controller, self._bus, self._address, self._turned = controller, bus, address, turned

    @property
    def name(self) -> str:
        """The controller and where it is."""
        return f"{self._controller} at address {self._address:#04x} of I2C bus {self._bus}"

    def check(self) -> None:
        """Raise `DriverError` without luma.oled or the bus."""
        try:
            import luma.oled.device  # noqa: F401, PLC0415 -- not everywhere, without a real display
        except ImportError as error:
            raise DriverError("the display needs luma.oled (pip install 'intercom-appliance[panel]')") from error
        if not Path(f"/dev/i2c-{self._bus}").exists():
            raise DriverError(f"there is no I2C bus {self._bus}: raspi-config nonint do_i2c 0 switches it on")

    def connect(self) -> LumaDevice:
        """Open the bus and wake the display."""
        from luma.core.interface.serial import i2c  # noqa: PLC0415 -- as above

        return woken(i2c(port=self._bus, address=self._address), self._controller, turned=self._turned)


def woken(serial: Any, controller: str, *, turned: bool = False) -> LumaDevice:
    """The display behind luma's interface `serial`, initialised; the interface is closed if it does not answer."""
    from luma.oled import device  # noqa: PLC0415 -- as above

    try:
        # Asked first: luma keeps a hook for the end of the program with every device it makes, found or not.
        serial.command(_NOP)
        return getattr(device, controller)(serial, rotate=2 if turned else 0)
    except _errors():
        serial.cleanup()
        raise


class Oled:
    """Implements `phone.ports.Display`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._news = threading.Condition()
        self._image = _BLANK
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin. Raises `DriverError` if no display will ever be found; one that does not answer is looked for."""
        if self._thread is not None:
            raise DriverError("the display is in use")
        self._link.check()
        self._image, self._stopping = _BLANK, False
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)
        self._thread.start()

    def show(self, image: bytes) -> None:
        """Show `image` as soon as the ones before it allow; only the latest is kept. Raises `UsageError`."""
        if len(image) != _SIZE:
            raise UsageError(f"an image has {_SIZE} bytes, not {len(image)}")
        with self._news:
            self._image = image
            self._news.notify()

    def stop(self) -> None:
        """Blank it and switch it off."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._news:
            self._stopping = True
            self._news.notify()
        thread.join(_PATIENCE)
        if thread.is_alive():
            log.error("%s hangs and is left behind", self._link.name)

    def _run(self) -> None:
        errors = _errors()
        device: LumaDevice = None
        shown = _BLANK
        missed = False
        while not self._stopping:
            try:
                if device is None:
                    device, shown = self._link.connect(), _BLANK
                    log.info("display: %s", self._link.name)
                    missed = False
                image = self._image
                if image == shown:
                    device.command(_NOP)
                else:
                    device.display(Image.frombytes("1", (DISPLAY_WIDTH, DISPLAY_HEIGHT), image))
                    shown = image
            except errors as error:
                if not missed:
                    log.warning("display: %s does not answer: %s", self._link.name, error)
                missed = True
                _abandon(device)
                device = None
            self._wait(None if device is None else shown)
        if device is not None:
            _switch_off(device)

    def _wait(self, shown: bytes | None) -> None:
        """Until there is another image than the one that is shown, if a display shows one; or until it is time."""
        with self._news:
            self._news.wait_for(
                lambda: self._stopping or (shown is not None and self._image != shown),
                _RETRY if shown is None else _PROBE,
            )


def _switch_off(device: LumaDevice) -> None:
    try:
        device.cleanup()
    except _errors() as error:
        log.debug("display: %s", error)
        _abandon(device)
    # luma would do it again when the program ends.
    device.persist = True


def _abandon(device: LumaDevice) -> None:
    """Close the way to a display that is gone."""
    if device is not None:
        device.persist = True
        with suppress(*_errors()):
            device.cleanup()


def _errors() -> tuple[type[Exception], ...]:
    """What a display that does not answer raises."""
    from luma.core.error import Error  # noqa: PLC0415 -- as above

    return (Error, OSError)
