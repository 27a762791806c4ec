"""The GPIO chip behind the 40-pin header, opened for gpiozero.

Its number depends on board and kernel (on a Raspberry Pi 5 it has been gpiochip4 and gpiochip0), its label does not.
"""

import fcntl
import os
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from appliance.errors import DriverError

PinFactory = Any
"""A `gpiozero.Factory`."""

HEADER_LABELS: Final = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""What the chip of the header is called on a Raspberry Pi 5, a 4, and all before. A Pi 5 has others beside it."""

_DEV: Final = Path("/dev")
_GET_CHIPINFO: Final = 0x8044B401
"""GPIO_GET_CHIPINFO_IOCTL of linux/gpio.h, which fills char name[32], char label[32], u32 lines."""


def header_chip(labels: Mapping[int, str]) -> int | None:
    """The number of the header's chip, given the label of each chip by its number."""
    for label in HEADER_LABELS:
        for number, found in sorted(labels.items()):
            if found == label:
                return number
    return None


def chip_labels(folder: Path = _DEV) -> dict[int, str]:
    """The label of every GPIO chip in `folder`. Raises `DriverError` for one that may not be opened."""
    labels = {}
    for path in folder.glob("gpiochip[0-9]*"):
        number = path.name.removeprefix("gpiochip")
        # A link is a second name for a chip that is there under its own.
        if path.is_symlink() or not number.isdigit():
            continue
        information = bytearray(68)
        try:
            with path.open("rb", buffering=0) as chip:
                fcntl.ioctl(chip, _GET_CHIPINFO, information)
        except PermissionError as error:
            raise DriverError(f"{path} may not be opened: this user has to be in the group gpio") from error
        except OSError:
            continue  # not a GPIO chip, whatever its name
        labels[int(number)] = bytes(information[32:64]).partition(b"\0")[0].decode("ascii", "replace")
    return labels


def header_path() -> str:
    """The device of the header's chip, `/dev/gpiochip0`. Raises `DriverError` where there is none."""
    return f"/dev/gpiochip{_header_number()}"


def _header_number() -> int:
    labels = chip_labels()
    chip = header_chip(labels)
    if chip is None:
        raise DriverError(f"this machine has no GPIO header of a Raspberry Pi: found {sorted(labels.values())}")
    return chip


def header_pins() -> PinFactory:
    """The pins of the 40-pin header for gpiozero; `GPIOZERO_PIN_FACTORY` names another factory than lgpio's.

    Raises:
        DriverError: no such chip, no right to it, or a package is missing.
    """
    gpiozero()
    name = os.environ.get("GPIOZERO_PIN_FACTORY", "lgpio")
    try:
        return _lgpio_pins() if name == "lgpio" else _named_pins(name)
    except ImportError as error:
        raise DriverError(f"the GPIO needs {error.name} (Debian package python3-{error.name})") from error
    except DriverError:
        raise
    except gpio_errors() as error:
        raise DriverError(f"the GPIO can't be used: {error}") from error


def _lgpio_pins() -> PinFactory:
    chip = _header_number()
    _import_lgpio()
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 -- imports lgpio

    return LGPIOFactory(chip=chip)


def _named_pins(name: str) -> PinFactory:
    known = entry_points(group="gpiozero_pin_factories")
    if name not in known.names:
        raise DriverError(f"GPIOZERO_PIN_FACTORY={name}: gpiozero has {', '.join(sorted(known.names))}")
    return known[name].load()()


def gpiozero() -> ModuleType:
    """The package gpiozero. Raises `DriverError` where it is missing."""
    try:
        import gpiozero as module  # noqa: PLC0415 -- not needed, and not everywhere, without real keys
    except ImportError as error:
        raise DriverError("the GPIO needs gpiozero (pip install 'intercom-appliance[panel]')") from error
    package: ModuleType = module
    return package


def gpio_errors() -> tuple[type[Exception], ...]:
    """What gpiozero and lgpio raise when a pin can't be used."""
    lgpio = sys.modules.get("lgpio")
    own = () if lgpio is None else (lgpio.error,)
    return (gpiozero().GPIOZeroError, OSError, *own)


def _import_lgpio() -> None:
    """Import lgpio where it does no harm.

    It makes a FIFO in the working directory, or where LG_WD says, and then makes that the working directory of the
    whole program; where it may not write, as in a service, the import fails. Once open, nobody looks for the FIFO.
    """
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        asked = os.environ.get("LG_WD")
        os.environ["LG_WD"] = folder
        try:
            import lgpio  # noqa: F401, PLC0415
        finally:
            os.chdir(before)
            if asked is None:
                del os.environ["LG_WD"]
            else:
                os.environ["LG_WD"] = asked
