"""[I/O] The simulation with a person: a telephone in the terminal, sound from the sound card if there is one."""

import asyncio
import logging
from pathlib import Path

from appliance.app import logs
from appliance.app.drivers import panel_drivers, working_sound_card
from appliance.app.note_handler import NoteHandler
from appliance.app.simulation import NUMBERS_IN_SHORT, Simulation, simulation
from appliance.app.stopping import stopping_signals
from appliance.cli.exit_codes import ExitCode
from appliance.cli.output import Printer
from appliance.cli.session import registered
from appliance.cli.simulate import HELP
from appliance.config.model import Log, Panel, PanelDriver
from appliance.media.ports import AudioDevice
from appliance.sim.wav_audio import WavAudio

log = logging.getLogger(__name__)


def sit_down(*, record: Path | None, silent: bool, broker_port: int) -> ExitCode:
    """Run until `q`, Ctrl-C or SIGTERM. Raises `DriverError` if the terminal can't be used."""
    return asyncio.run(_at_the_telephone(record, broker_port, silent=silent))


async def _at_the_telephone(record: Path | None, broker_port: int, *, silent: bool) -> ExitCode:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def quit_soon() -> None:
        loop.call_soon_threadsafe(stop.set)

    panel = panel_drivers(Panel(driver=PanelDriver.TERMINAL), title=NUMBERS_IN_SHORT, on_quit=quit_soon)
    note = panel.note
    assert note is not None
    logs.configure(Log(level="warning"), handler=NoteHandler(note))
    audio, sound = await _sound(record, silent=silent)
    with stopping_signals(stop.set):
        async with simulation(panel, audio, broker_port=broker_port) as running:
            running.unit.client.subscribe(Printer(as_json=False, write=note).event)
            await registered(running.unit.client, stop)
            # Last, because a small window has room for the last lines only.
            for line in (HELP, sound, _broker_words(running)):
                note(line)
            await stop.wait()
    return ExitCode.DONE


async def _sound(record: Path | None, *, silent: bool) -> tuple[AudioDevice, str]:
    """What the person hears with, and a sentence about it."""
    if record is not None or silent:
        where = f"recorded to {record}" if record else "not heard"
        return WavAudio(record=record), f"Sound: the microphone is silent, the far end is {where}."
    card, problem = await asyncio.to_thread(working_sound_card)
    if card is None:
        log.info("no sound card: %s", problem)
        return WavAudio(), "Sound: no sound card was found, so calls are silent; --record WAV keeps what is heard."
    return card, f"Sound: {card.name} sound card."


def _broker_words(running: Simulation) -> str:
    if running.broker is None:
        return f"Events: {running.problem}."
    return f"Events: mosquitto_sub -h {running.broker.host} -p {running.broker.port} -v -t 'intercom/#'"
