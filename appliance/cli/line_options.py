"""The options that `call` and `answer` share: the account, the sound, and what to do in the call."""

import argparse
import getpass
import sys
import wave
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from appliance.cli.arguments import checked, existing_file, header_pair, positive_seconds, writable_file
from appliance.cli.call_script import STEPS, load
from appliance.config import formats
from appliance.config.model import AudioDriver
from appliance.config.secret import Secret
from appliance.config.table import read_secret
from appliance.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """What the two commands were asked, checked."""

    registrar: str
    user: str
    password: Secret
    access_token_file: Path | None
    domain: str
    ca_file: Path | None
    stun: tuple[str, ...]
    audio: AudioDriver
    play: Path | None
    record: Path | None
    hertz: float
    dtmf: str
    seconds: float | None
    script: Path | None = None
    auto_answer: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=())
    keep_calls: Path | None = None
    feedback_url: str = ""
    as_json: bool = False
    verbose: bool = False


def add_line_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    account = parser.add_argument_group("account")
    account.add_argument("--registrar", required=True, metavar="URL", help="ws:// or wss:// address of the registrar")
    account.add_argument("--user", default="", metavar="U", help="the part of the SIP address before the @")
    account.add_argument("--domain", default="", metavar="D", help="the part after it; default: the registrar's host")
    account.add_argument(
        "--password-file",
        default="",
        metavar="FILE",
        help="its first line is the password; - reads it from standard input",
    )
    account.add_argument(
        "--access-token-file",
        type=existing_file,
        metavar="FILE",
        help="in place of both: its first line is an access token (JWT), read again when a new one is needed",
    )
    account.add_argument(
        "--ca", type=existing_file, metavar="PEM", help="certificates to trust for wss:// instead of the system's"
    )
    account.add_argument(
        "--keep-calls",
        type=Path,
        metavar="DIR",
        help="write down the call there while it lasts: started again after a crash, the command goes on with it",
    )
    account.add_argument("--feedback-url", metavar="URL", default="", help="https:// address that feedback is sent to")
    media = parser.add_argument_group("sound")
    media.add_argument("--play", type=existing_file, metavar="WAV", help="what the far end hears; default: silence")
    media.add_argument("--record", type=writable_file, metavar="WAV", help="what is heard is written here")
    media.add_argument(
        "--audio",
        choices=[driver.value for driver in AudioDriver],
        default=AudioDriver.WAV.value,
        help="wav: files (default), sound-card: the default devices, tone: a sine, echo: what is heard, none: silence",
    )
    media.add_argument(
        "--hertz",
        type=checked(float, "a number of Hz"),
        default=1000.0,
        metavar="HZ",
        help="frequency for --audio tone (default 1000)",
    )
    media.add_argument(
        "--stun", action="append", default=[], metavar="stun:HOST", help="a STUN server; may be given again"
    )
    call = parser.add_argument_group("call")
    call.add_argument("--dtmf", default="", metavar="DIGITS", help="0-9 A-D * #, w waits 0.5 s and , 2 s")
    call.add_argument(
        "--seconds",
        type=checked(positive_seconds, "seconds above 0"),
        metavar="S",
        help="hang up so long after the answer; default: when the far end does, or at Ctrl-C",
    )
    call.add_argument(
        "--script",
        type=script_file,
        metavar="FILE",
        help="do what FILE says in the call, then hang up; - reads steps from standard input as they come",
    )
    parser.epilog, parser.formatter_class = STEPS, argparse.RawDescriptionHelpFormatter
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="one JSON object a line")
    output.add_argument("--verbose", action="store_true", help="the log of the phone, on standard error")


def add_header_option(parser: argparse.ArgumentParser) -> None:
    """Add `--header`, which only a caller has."""
    parser.add_argument(
        "--header",
        type=checked(header_pair, "Name=value, like X-PH-Floor=3"),
        action="append",
        default=[],
        metavar="X-PH-NAME=VALUE",
        help="a header for the far end; may be given again",
    )


def line_options(arguments: argparse.Namespace) -> LineOptions:
    """What was asked. Raises `UsageError` with one sentence."""
    account = ("--user", arguments.user, formats.sip_user)
    if arguments.access_token_file is None and not (arguments.user and arguments.password_file):
        raise UsageError("--user and --password-file are needed, or --access-token-file")
    if arguments.access_token_file is not None and (arguments.user or arguments.password_file):
        raise UsageError("--access-token-file says who logs in: leave out --user and --password-file")
    for name, value, check in (
        ("--registrar", arguments.registrar, formats.web_socket_url),
        *((account,) if arguments.user else ()),
        *(("--stun", server, formats.stun_url) for server in arguments.stun),
    ):
        if allowed := check(value):
            raise UsageError(f"{name} {value!r} can't be used: allowed is {allowed}")
    domain = arguments.domain or urlsplit(arguments.registrar).hostname or ""
    if allowed := formats.host(f"[{domain}]" if ":" in domain else domain):
        raise UsageError(f"--domain {domain!r} can't be used: allowed is {allowed}")
    audio = AudioDriver(arguments.audio)
    if arguments.play is not None and audio is not AudioDriver.WAV:
        raise UsageError("--play needs --audio wav")
    if arguments.play is not None:
        _check_sound(arguments.play)
    if arguments.record is not None and audio not in {AudioDriver.WAV, AudioDriver.TONE}:
        raise UsageError("--record needs --audio wav or tone")
    return LineOptions(
        registrar=arguments.registrar,
        user=arguments.user,
        password=_password(arguments.password_file) if arguments.password_file else Secret(""),
        access_token_file=arguments.access_token_file,
        domain=domain,
        ca_file=arguments.ca,
        stun=tuple(arguments.stun),
        keep_calls=arguments.keep_calls,
        feedback_url=arguments.feedback_url,
        audio=audio,
        play=arguments.play,
        record=arguments.record,
        hertz=arguments.hertz,
        dtmf=arguments.dtmf,
        seconds=arguments.seconds,
        script=arguments.script,
        auto_answer=tuple(getattr(arguments, "auto_answer", ())),
        headers=tuple(getattr(arguments, "header", ())),
        as_json=arguments.json,
        verbose=arguments.verbose,
    )


def script_file(text: str) -> Path:
    """A script that can be done, or `-`. Raises `ArgumentTypeError` with every bad line."""
    if text != "-":
        try:
            load(Path(text))
        except UsageError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
    return Path(text)


def _check_sound(path: Path) -> None:
    try:
        wave.open(str(path)).close()
    except (OSError, EOFError, wave.Error) as error:
        raise UsageError(f"--play {path}: is no WAV file that can be played: {str(error) or 'it is empty'}") from error


def _password(source: str) -> Secret:
    if source == "-":
        if sys.stdin.isatty():
            return Secret(getpass.getpass("Password: "))
        word = sys.stdin.readline().rstrip("\r\n")
        if not word:
            raise UsageError("--password-file -: nothing came on standard input")
        return Secret(word)
    try:
        return read_secret(Path(source))
    except UnicodeDecodeError as error:
        raise UsageError(f"--password-file {source}: is not a text") from error
    except ValueError as error:
        raise UsageError(f"--password-file {error}") from error
    except OSError as error:
        raise UsageError(f"--password-file {source}: {error.strerror}") from error
