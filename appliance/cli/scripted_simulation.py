"""[I/O] The simulation without a person: a script at the telephone, events printed, and a verdict at the end."""

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.app import logs
from appliance.app.drivers import scripted
from appliance.app.script_run import Failure, ScriptRun
from appliance.app.simulation import Simulation, simulation
from appliance.app.stopping import stopping_signals
from appliance.calls.events import CallFailed, CallTerminated, ClientEvent
from appliance.cli.arguments import complain
from appliance.cli.exit_codes import ExitCode
from appliance.cli.output import Printer, quality_words
from appliance.cli.session import registered, until
from appliance.config.model import Log
from appliance.media import wav_file
from appliance.quality.summary import QualitySummary
from appliance.sim import script
from appliance.sim.echo_check import seconds_of_tone
from appliance.sim.script import Line
from appliance.sim.script_panel import ScriptPanel
from appliance.sim.wav_audio import ToneAudio

HERTZ: Final = 1000.0
"""What the microphone hears: no tone of a telephone is near it."""

SHARE: Final = 0.6
"""The part of the answered time in which our tone has to come back."""

DEFAULT: Final = """\
lift
press 100
wait call_answered 20
wait media_connected 20
sleep 3
hang
wait call_terminated
"""
"""What is played where nobody gives a script."""

_PROGRAM: Final = "intercom simulate"


@dataclass(slots=True)
class _Outcome:
    """What is known when the script is over."""

    interrupted: bool = False
    failure: Failure | None = None
    answered: float = 0.0
    """Seconds of all answered calls."""
    cause: str = ""
    quality: QualitySummary | None = None
    """Of the last call."""
    heard: float = 0.0
    """Seconds in which our tone came back."""

    def happened(self, event: ClientEvent) -> None:
        """Take an event."""
        if isinstance(event, CallTerminated):
            self.answered += event.duration
            self.cause, self.quality = event.cause, event.summary
        elif isinstance(event, CallFailed):
            self.cause = event.cause


def play(script_file: Path | None, *, as_json: bool, record: Path | None, broker_port: int) -> ExitCode:
    """Play a script in a simulation of its own; without one, a call to the echo, which has to bring our tone back.

    Raises:
        UsageError: the script can't be read.
    """
    lines = script.parse(DEFAULT, "default") if script_file is None else script.load(script_file)
    logs.configure(Log(level="warning"))
    # Without a terminal and without a script the reader is a program.
    printer = Printer(as_json=as_json or script_file is None)
    with tempfile.TemporaryDirectory(prefix="intercom-") as folder:
        heard = record or Path(folder) / "heard.wav"
        outcome = asyncio.run(_play(lines, printer, heard, broker_port))
        outcome.heard = seconds_of_tone(wav_file.read(heard), HERTZ) if heard.exists() else 0.0
    return _judge(outcome, printer, len(lines), must_hear=script_file is None)


async def _play(lines: tuple[Line, ...], printer: Printer, heard: Path, broker_port: int) -> _Outcome:
    panel = ScriptPanel()
    outcome = _Outcome()
    actor = ScriptRun(panel)
    stop = asyncio.Event()
    with stopping_signals(stop.set):
        async with simulation(scripted(panel), ToneAudio(HERTZ, record=heard), broker_port=broker_port) as running:
            events = running.unit.client.events
            with contextlib.ExitStack() as stack:
                for subscriber in (printer.event, outcome.happened, actor.happened):
                    stack.callback(events.subscribe(subscriber))
                _introduce(running, printer)
                # But not for ever: a script may want to see a telephone that is not connected.
                await registered(running.unit.client, stop)

                async def perform() -> bool:
                    outcome.failure = await actor.play(lines)
                    return True

                outcome.interrupted = not await until(stop, perform())
                for call in running.unit.client.calls:
                    call.hang_up()
    return outcome


def _introduce(running: Simulation, printer: Printer) -> None:
    broker = running.broker
    address = "" if broker is None else f"mqtt://{broker.host}:{broker.port}"
    topics = "" if running.unit.broker is None else "intercom/#"
    printer.fact(
        "simulation",
        {"registrar": running.registrar.url, "broker": address, "topics": topics, "problem": running.problem},
        running.problem or f"registrar {running.registrar.url}, events at {address}",
    )


def _judge(outcome: _Outcome, printer: Printer, steps: int, *, must_hear: bool) -> ExitCode:
    problem = ""
    if outcome.interrupted:
        problem = "interrupted"
    elif outcome.failure is not None:
        problem = str(outcome.failure)
    elif must_hear and not (outcome.answered > 0.0 and outcome.heard >= SHARE * outcome.answered):
        problem = f"our tone came back in only {outcome.heard:.1f} of {outcome.answered:.1f} s"
    code = ExitCode.CALL_FAILED if problem else ExitCode.DONE
    words = f"our tone came back in {outcome.heard:.1f} of {outcome.answered:.1f} s"
    if outcome.quality is not None:
        words += f": {quality_words(outcome.quality)}"
    printer.fact(
        "summary",
        {
            "ok": not problem,
            "exit_code": int(code),
            "problem": problem,
            "steps": steps,
            "cause": outcome.cause,
            "answered_seconds": outcome.answered,
            "heard_seconds": outcome.heard,
            "quality": outcome.quality,
        },
        f"failed: {problem}" if problem else f"ok: {words}",
    )
    if problem:
        complain(_PROGRAM, problem)
    return code
