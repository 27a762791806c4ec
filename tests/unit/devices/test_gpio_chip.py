import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.devices.gpio_chip import chip_labels, header_chip

PI_5_NOW = {0: "pinctrl-rp1", 10: "gpio-brcmstb@107d508500", 11: "gpio-brcmstb@107d517c00"}
PI_5_FIRST = {0: "gpio-brcmstb@107d508500", 1: "gpio-brcmstb@107d508520", 4: "pinctrl-rp1"}
PI_4 = {0: "pinctrl-bcm2711", 1: "raspberrypi-exp-gpio"}
PI_3 = {1: "raspberrypi-exp-gpio", 0: "pinctrl-bcm2835"}


@pytest.mark.parametrize(
    ("labels", "chip"),
    [(PI_5_NOW, 0), (PI_5_FIRST, 4), (PI_4, 0), (PI_3, 0), ({}, None), ({0: "pinctrl-amd"}, None)],
)
def test_the_header_is_found_by_its_label(labels: dict[int, str], chip: int | None) -> None:
    assert header_chip(labels) == chip


def test_what_only_has_the_name_of_a_chip_is_none(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").write_bytes(b"")
    (tmp_path / "gpiochip4").symlink_to("gpiochip0")
    (tmp_path / "gpiochip1x").write_bytes(b"")
    assert chip_labels(tmp_path) == {}
    assert chip_labels(tmp_path / "nowhere") == {}


PROGRAM = """
from appliance.devices.gpio_chip import header_pins
from appliance.errors import DriverError
try:
    print(type(header_pins()).__name__)
except DriverError as error:
    print(error)
"""


def pins(factory: str) -> str:
    environment = {**os.environ, "GPIOZERO_PIN_FACTORY": factory}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    return done.stdout.strip()


def test_another_factory_can_be_named() -> None:
    assert pins("mock") == "MockFactory"
    assert pins("mok").startswith("GPIOZERO_PIN_FACTORY=mok: gpiozero has lgpio, mock")


@pytest.mark.skipif(header_chip(chip_labels()) is not None, reason="this is a Raspberry Pi")
def test_a_machine_without_a_header_is_told() -> None:
    assert pins("lgpio").startswith("this machine has no GPIO header of a Raspberry Pi: found [")
