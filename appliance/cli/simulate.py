"""`intercom simulate`: the whole telephone on this machine, for a person in a terminal or for a script."""

import argparse
import sys
from typing import Final

from appliance.cli.arguments import checked, complain, existing_file, writable_file
from appliance.cli.exit_codes import ExitCode
from appliance.errors import DriverError

_PROGRAM: Final = "intercom simulate"

HELP: Final = "Call 100 to hear yourself, 101 for a melody, 102 is busy, 103 never answers."


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
        help="steps, one a line: lift, press KEYS, flash, push BUTTON, wait EVENT [SECONDS], sleep SECONDS, "
        "expect-screen TEXT, hang",
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
            from appliance.cli.simulated_desk import sit_down  # noqa: PLC0415 -- `--help` answers at once

            return sit_down(record=arguments.record, silent=arguments.silent, broker_port=arguments.broker_port)
        from appliance.cli.scripted_simulation import play  # noqa: PLC0415

        return play(
            arguments.script,
            as_json=arguments.json,
            record=arguments.record,
            broker_port=arguments.broker_port,
        )
    except DriverError as error:
        complain(_PROGRAM, str(error))
        return ExitCode.USAGE
