"""`intercom simulate`: the whole telephone on this machine, for a person in a terminal or for a script."""

import argparse
import asyncio
import logging
import sys
from typing import Final

from appliance.app import logs
from appliance.app.drivers import panel_drivers, working_sound_card
from appliance.app.note_handler import NoteHandler
from appliance.app.runtime import stopping_signals
from appliance.app.simulation import HELP, NUMBERS_IN_SHORT, Simulation, simulation
from appliance.cli import scripted_simulation
from appliance.cli.arguments import checked, complain, existing_file, writable_file
from appliance.cli.exit_codes import ExitCode
from appliance.cli.output import Printer
from appliance.config.model import Log, Panel, PanelDriver
from appliance.errors import DriverError
from appliance.media.ports import AudioDevice
from appliance.sim import script
from appliance.sim.wav_audio import WavAudio

log = logging.getLogger(__name__)

_PROGRAM: Final = "intercom simulate"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.description = (
        f"{parser.description} {HELP} In a terminal you are at the telephone; without one, or with --script, "
        "a script is, and what happens is printed."
    )
    parser.add_argument(
        "--script",
        type=existing_file,
        metavar="FILE",
        help="steps, one a line: lift, press KEYS, wait EVENT [SECONDS], sleep SECONDS, expect-screen TEXT, hang",
    )
    parser.add_argument("--json", action="store_true", help="no panel; one JSON object a line")
    parser.add_argument("--record", type=writable_file, metavar="WAV", help="what is heard is written here")
    parser.add_argument("--silent", action="store_true", help="leave the sound card alone")
    parser.add_argument(
        "--broker-port",
        type=checked(_port, "a port from 1 to 65535, or 0 for a free one"),
        default=0,
        metavar="PORT",
        help="of the private MQTT broker; default: a free one",
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError(text)
    return port


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError` for a script that can't be read."""
    try:
        if arguments.script is None and not arguments.json and sys.stdin.isatty() and sys.stdout.isatty():
            return asyncio.run(_at_the_telephone(arguments))
        logs.configure(Log(level="warning"))
        default = arguments.script is None
        lines = script.parse(scripted_simulation.DEFAULT, "default") if default else script.load(arguments.script)
        return scripted_simulation.play(
            lines,
            # Without a terminal and without a script the reader is a program.
            as_json=arguments.json or default,
            record=arguments.record,
            broker_port=arguments.broker_port,
            must_hear=default,
        )
    except DriverError as error:
        complain(_PROGRAM, str(error))
        return ExitCode.USAGE


async def _at_the_telephone(arguments: argparse.Namespace) -> ExitCode:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def quit_soon() -> None:
        loop.call_soon_threadsafe(stop.set)

    panel = panel_drivers(Panel(driver=PanelDriver.TERMINAL), title=NUMBERS_IN_SHORT, on_quit=quit_soon)
    note = panel.note
    assert note is not None
    logs.configure(Log(level="warning"), handler=NoteHandler(note))
    audio, sound = await _sound(arguments)
    with stopping_signals(stop.set):
        async with simulation(panel, audio, broker_port=arguments.broker_port) as running:
            for line in (HELP, sound, _broker_words(running)):
                note(line)
            running.unit.client.subscribe(Printer(as_json=False, write=note).event)
            await stop.wait()
    return ExitCode.DONE


async def _sound(arguments: argparse.Namespace) -> tuple[AudioDevice, str]:
    """What the person hears with, and a sentence about it."""
    if arguments.record is not None or arguments.silent:
        where = f"recorded to {arguments.record}" if arguments.record else "not heard"
        return WavAudio(record=arguments.record), f"Sound: the microphone is silent, the far end is {where}."
    card, problem = await asyncio.to_thread(working_sound_card)
    if card is None:
        log.info("no sound card: %s", problem)
        return WavAudio(), "Sound: no sound card was found, so calls are silent; --record WAV keeps what is heard."
    return card, f"Sound: {card.name} sound card."


def _broker_words(running: Simulation) -> str:
    if running.broker is None:
        return f"Events: {running.problem}."
    return f"Events: mosquitto_sub -h {running.broker.host} -p {running.broker.port} -v -t 'intercom/#'"
