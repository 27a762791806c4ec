"""[I/O] What `call` and `answer` share while they run: the client, the log-in, the time in the call, the end of it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from appliance.app import logs
from appliance.app.drivers import audio_device
from appliance.app.stopping import stopping_signals
from appliance.app.token_file import tokens_of
from appliance.calls import dtmf
from appliance.calls.auto_answer import AutoAnswer
from appliance.calls.call import Call
from appliance.calls.cause import Cause
from appliance.calls.client import Client
from appliance.calls.events import CallFailed, CallTerminated, ClientEvent, Login
from appliance.calls.service_settings import ServiceSettings
from appliance.calls.settings import ClientSettings
from appliance.cli.arguments import complain
from appliance.cli.exit_codes import ExitCode
from appliance.cli.line_options import LineOptions
from appliance.cli.output import Printer, quality_words
from appliance.cli.scripted_call import ScriptedCall
from appliance.config.model import Audio, Log
from appliance.errors import DriverError, LoginError, TransportError, UsageError
from appliance.events import event_name
from appliance.media.settings import MediaSettings
from appliance.units import Seconds

log = logging.getLogger(__name__)

_PRESS = 0.35
"""Seconds to allow for each digit: 160 ms of tone, a pause, and some patience."""

_LOGIN = Seconds(10.0)
"""How long a registrar is tried: somebody waits for the answer."""

AS_TOLD = frozenset({"call_failed", "call_terminated", "incoming_call_canceled"})
"""Ends of a call that a script may bring about; it says itself what it waits for."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Session:
    """A client that is logged in, what to print, and whether somebody asked to stop."""

    client: Client
    options: LineOptions
    printer: Printer
    stop: asyncio.Event


def run(program: str, options: LineOptions, work: Callable[[Session], Awaitable[ExitCode]]) -> ExitCode:
    """Log in, do `work`, log out; every failure becomes one sentence and its exit code."""
    logs.configure(Log(level="debug" if options.verbose else "error"))
    try:
        if options.dtmf:
            dtmf.parsed(options.dtmf)
        return asyncio.run(_run(options, work))
    except LoginError as error:
        complain(program, f"login failed: {error}")
        return ExitCode.LOGIN_FAILED
    except TransportError as error:
        complain(program, f"network: {error}")
        return ExitCode.NETWORK
    except (UsageError, DriverError) as error:
        complain(program, str(error))
        return ExitCode.USAGE


async def _run(options: LineOptions, work: Callable[[Session], Awaitable[ExitCode]]) -> ExitCode:
    printer = Printer(as_json=options.as_json)
    stop = asyncio.Event()
    with stopping_signals(stop.set):
        try:
            async with _logged_in(options, printer, stop) as session:
                # Interrupted before it was logged in: there is nothing to fail.
                return ExitCode.DONE if session is None else await work(session)
        finally:
            printer.finish()


@contextlib.asynccontextmanager
async def _logged_in(options: LineOptions, printer: Printer, stop: asyncio.Event) -> AsyncIterator[Session | None]:
    audio = audio_device(Audio(driver=options.audio, play=options.play, record=options.record, hertz=options.hertz))
    settings = ClientSettings(
        registrars=options.registrar,
        domain=options.domain,
        ca_file=None if options.ca_file is None else str(options.ca_file),
        media=MediaSettings(stun=options.stun),
        calls_folder=options.keep_calls,
        feedback_url=options.feedback_url,
        allow_multiple_incoming=options.script is not None,
        services=ServiceSettings(auto_answer=AutoAnswer(callers=options.auto_answer, always=True)),
        login_timeout=_LOGIN,
        close_timeout=Seconds(1.0),
    )

    def happened(event: ClientEvent) -> None:
        printer.event(event)
        if printer.gone:
            stop.set()

    async with Client(settings, audio=audio) as client:
        client.subscribe(happened)

        async def login() -> bool:
            if options.access_token_file is not None:
                await client.login_with_access_token_generator(tokens_of(options.access_token_file))
            else:
                await client.login(options.user, options.password.reveal())
            return True

        yield Session(client, options, printer, stop) if await until(stop, login()) else None


async def until(stop: asyncio.Event, work: Awaitable[T], *, seconds: float | None = None) -> T | None:
    """What `work` gives; None if `stop` was set or the seconds passed before: then `work` is cancelled."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for pending in (task, stopped):
            pending.cancel()
        await asyncio.wait({task, stopped})


async def registered(client: Client, stop: asyncio.Event) -> None:
    """Wait until the line is registered, ten seconds at most, or until `stop` is set."""
    login = asyncio.Event()

    def happened(event: ClientEvent) -> None:
        if isinstance(event, Login):
            login.set()

    unsubscribe = client.subscribe(happened)
    if not client.is_registered:
        await until(stop, login.wait(), seconds=10.0)
    unsubscribe()


async def talk(session: Session, call: Call) -> ExitCode:
    """Be in an answered call: send the digits, stay, hang up, and print the call's summary."""
    options = session.options
    seconds = options.seconds
    if options.script is not None:
        return await scripted(session, call)
    if options.dtmf:
        call.send_dtmf(options.dtmf)
        if seconds is not None:
            # Digits that were asked for are sent, even if the seconds would be over before.
            seconds = max(seconds, duration_of(options.dtmf))
    await until(session.stop, call.wait_ended(), seconds=seconds)
    call.hang_up()
    return await summarise(session, call)


async def scripted(session: Session, call: Call) -> ExitCode:
    """Do what the script says, from `call` on; then end every call, and print the summary of this one."""
    assert session.options.script is not None
    done = await until(session.stop, ScriptedCall(session.client, call).run(session.options.script))
    for other in session.client.calls:
        other.hang_up()
    code = await summarise(session, call, wanted=AS_TOLD)
    return code if done is not False else max(code, ExitCode.CALL_FAILED)


def duration_of(digits: str) -> float:
    """Seconds that sending `digits` takes at most."""
    pauses = {"w": 0.5, "W": 0.5, ",": 2.0}
    return 0.5 + sum(pauses.get(digit, _PRESS) for digit in digits)


async def summarise(session: Session, call: Call, *, wanted: frozenset[str] = frozenset()) -> ExitCode:
    """Wait for a call's end, keep its summary as the last line, and say how it counts.

    `wanted` are names of last events that were asked for, and so no failure.
    """
    ending = await call.wait_ended()
    name = event_name(ending)
    cause = str(getattr(ending, "cause", Cause.CANCELED))
    good = name in wanted or (isinstance(ending, CallTerminated) and cause == Cause.TERMINATED)
    code = ExitCode.DONE if good else ExitCode.CALL_FAILED
    if isinstance(ending, CallFailed) and cause == Cause.CONNECTION_ERROR:
        code = ExitCode.NETWORK
    duration = ending.duration if isinstance(ending, CallTerminated) else 0.0
    quality = ending.summary if isinstance(ending, CallTerminated) else None
    words = f"{cause} after {duration:.1f} s"
    if quality is not None:
        words += f": {quality_words(quality)}"
    session.printer.last(
        "summary",
        {
            "ok": good,
            "exit_code": int(code),
            "ended_by": name,
            "cause": cause,
            "status": getattr(ending, "status", 0),
            "duration": duration,
            "quality": quality,
            "call": ending.call,
        },
        ("ok: " if good else "failed: ") + words,
    )
    if not good:
        status = getattr(ending, "status", 0)
        complain("intercom", f"the call failed: {cause}" + (f" ({status})" if status else ""))
    return code
