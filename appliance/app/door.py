"""The door of a unit, put together out of its configuration and its board."""

from appliance.calls.client import Client
from appliance.config.board import Level
from appliance.config.model import Configuration, PanelDriver
from appliance.door import relay_guard
from appliance.door.audit_file import AuditFile
from appliance.door.codes import DoorCode, Way
from appliance.door.door import Door
from appliance.door.policy import DoorSettings
from appliance.door.schedule import Times
from appliance.door.strike import Strike, file_line, gpio_line
from appliance.errors import UsageError
from appliance.units import Seconds


def door_settings(configuration: Configuration) -> DoorSettings | None:
    """What its policy is told; None without a door. Raises `UsageError` for times that can't be read."""
    door = configuration.door
    if door is None:
        return None
    if door.paper_relay is None:
        board = configuration.panel.board
        if configuration.panel.driver is not PanelDriver.GPIO or board is None or board.strike is None:
            raise UsageError("[door] needs a strike: [strike] in the board file, or door.paper_relay for a trial")
    codes = tuple(
        DoorCode(
            name=code.name,
            digits=code.digits,
            ways=frozenset(Way(way) for way in code.ways),
            times=tuple(Times.parse(text) for text in code.times),
            first=code.first,
            last=code.last,
        )
        for code in door.code
    )
    return DoorSettings(codes=codes, pulse=door.pulse, commands=door.commands)


def build_door(configuration: Configuration, client: Client) -> Door | None:
    """The door, not yet entered; None where there is none. Raises `UsageError`, and `DriverError` without a chip."""
    settings, door = door_settings(configuration), configuration.door
    if settings is None or door is None:
        return None
    strike = Strike(_line(configuration), most=Seconds(min(door.pulse, relay_guard.LONGEST)))
    return Door(client, settings, strike, audit_file=None if door.audit is None else AuditFile(door.audit))


def _line(configuration: Configuration) -> tuple[str, ...]:
    door, board = configuration.door, configuration.panel.board
    if door is not None and door.paper_relay is not None:
        return file_line(door.paper_relay)
    assert board is not None
    assert board.strike is not None
    # Where there is no relay, nothing of the GPIO is loaded.
    from appliance.devices.gpio_chip import header_path  # noqa: PLC0415

    return gpio_line(header_path(), board.strike.gpio, active_low=board.strike.held is Level.LOW)
