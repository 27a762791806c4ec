"""The drivers by the names they have in a configuration."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.config import model
from appliance.config.board import Board, Contact
from appliance.config.model import Audio, AudioDriver, PanelDriver
from appliance.errors import DriverError, UsageError
from appliance.media.ports import AudioDevice, AudioSystem
from appliance.media.silent_endpoint import SilentEndpoint
from appliance.phone.ports import Panel
from appliance.phone.screen import Screen
from appliance.sim.echo_audio import EchoAudio
from appliance.sim.script_panel import ScriptPanel
from appliance.sim.wav_audio import ToneAudio, WavAudio


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDrivers:
    """A panel, and what else it can do."""

    panel: Panel
    screen_changed: Callable[[Screen], object] | None = None
    """Told the words of each screen."""
    note: Callable[[str], object] | None = None
    """Shows a line beside the panel, from any thread."""


def audio_device(settings: Audio) -> AudioDevice:
    """The sound driver that `settings` name. Opens nothing; raises `UsageError` for values that contradict."""
    match settings.driver:
        case AudioDriver.SOUND_CARD:
            # PortAudio may be absent where it is not asked for.
            from appliance.devices.sound_card import SoundCard  # noqa: PLC0415

            return SoundCard(settings.microphone, settings.speaker)
        case AudioDriver.WAV:
            return WavAudio(settings.play, settings.record, loop=settings.loop)
        case AudioDriver.TONE:
            return ToneAudio(settings.hertz, settings.level, record=settings.record)
        case AudioDriver.ECHO:
            return EchoAudio()
        case AudioDriver.NONE:
            return WavAudio()


def sound_system(settings: Audio) -> AudioSystem | None:
    """All the sound cards there are, if `settings` name the driver for them. Opens nothing."""
    if settings.driver is not AudioDriver.SOUND_CARD:
        return None
    from appliance.devices.sound_cards import SoundCards  # noqa: PLC0415 -- as above

    return SoundCards(settings.microphone, settings.speaker)


def working_sound_card() -> tuple[AudioDevice | None, str]:
    """The system's sound card, if it can be opened, else None and why not. Blocks for a moment."""
    card = audio_device(Audio(driver=AudioDriver.SOUND_CARD))
    try:
        with _quiet_libraries():
            card.start(SilentEndpoint())
            card.stop()
    except DriverError as error:
        return None, str(error)
    return card, ""


@contextlib.contextmanager
def _quiet_libraries() -> Iterator[None]:
    """ALSA and PortAudio write to standard error themselves, about every card that is not there."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def panel_drivers(settings: model.Panel, *, title: str, on_quit: Callable[[], None]) -> PanelDrivers:
    """The panel that `settings` name. Opens nothing; `on_quit` may come from any thread. Raises `UsageError`."""
    match settings.driver:
        case PanelDriver.TERMINAL:
            from appliance.sim.terminal_panel import TerminalPanel  # noqa: PLC0415 -- no termios, no terminal

            terminal = TerminalPanel(on_quit=on_quit, title=title)
            return PanelDrivers(panel=terminal.panel, note=terminal.note)
        case PanelDriver.GPIO:
            if settings.board is None:
                raise UsageError("a panel with driver gpio needs a board, None was given")
            return _board_drivers(settings.board)
        case PanelDriver.NONE:
            return scripted(ScriptPanel())


def _board_drivers(board: Board) -> PanelDrivers:
    # gpiozero and luma.oled may be absent where they are not asked for.
    from appliance.devices.buttons import GpioButtons  # noqa: PLC0415
    from appliance.devices.gpio_header import GpioHeader  # noqa: PLC0415
    from appliance.devices.hook_switch import HookSwitch as GpioHookSwitch  # noqa: PLC0415
    from appliance.devices.keypad import MatrixKeypad  # noqa: PLC0415
    from appliance.devices.oled import I2cLink, Oled  # noqa: PLC0415

    header = GpioHeader()
    keypad, hook, display = board.keypad, board.hook, board.display
    panel = Panel(
        keypad=None
        if keypad is None
        else MatrixKeypad(header, rows=keypad.rows, columns=keypad.columns, keys=keypad.legends),
        hook=None
        if hook is None
        else GpioHookSwitch(header, hook.gpio, closed_off_hook=hook.off_hook is Contact.CLOSED),
        buttons=GpioButtons(header, board.buttons) if board.buttons else None,
        display=Oled(
            I2cLink(display.controller, bus=display.bus, address=display.address, turned=display.turned),
        ),
    )
    return PanelDrivers(panel=panel)


def scripted(panel: ScriptPanel) -> PanelDrivers:
    """A panel that only code touches."""
    return PanelDrivers(panel=panel.parts, screen_changed=panel.screen_changed)
