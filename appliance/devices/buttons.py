"""Buttons on GPIO pins that are pulled up: pressing one connects it to ground."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Final

from appliance.devices.debounce import Integrator
from appliance.devices.gpio_chip import PinFactory, gpiozero
from appliance.devices.gpio_header import GpioHeader, Look, PinWatch
from appliance.units import Seconds

_IDLE: Final = Seconds(0.020)
"""Between two looks while no button is touched, which is nearly always."""
_LOOK: Final = Seconds(0.005)
"""Between two looks while one is."""
_LOOKS: Final = 5
"""Looks that have to agree: 20 ms."""


class GpioButtons:
    """Implements `phone.ports.Buttons`. A button that is held down at the start is pressed when it is pressed again.

    Args:
        header: the pins.
        gpios: GPIO numbers by the buttons' names.
    """

    def __init__(self, header: GpioHeader, gpios: Mapping[str, int]) -> None:
        self._gpios = dict(gpios)
        self._watch = PinWatch(header, "buttons")

    def start(self, pressed: Callable[[str], None]) -> None:
        """Report each press by its button's name. Raises `DriverError`."""

        def claim(pins: PinFactory, taken: ExitStack) -> Look:
            contacts = []
            for name, gpio in self._gpios.items():
                button = taken.enter_context(gpiozero().InputDevice(gpio, pull_up=True, pin_factory=pins))
                contacts.append((name, button.pin, Integrator(_LOOKS, closed=not button.pin.state)))

            def look() -> Seconds:
                for name, pin, contact in contacts:
                    if contact.read(not pin.state) and contact.closed:
                        pressed(name)
                return _IDLE if all(contact.settled for _, _, contact in contacts) else _LOOK

            return look

        self._watch.start(claim)

    def stop(self) -> None:
        """End it."""
        self._watch.stop()
