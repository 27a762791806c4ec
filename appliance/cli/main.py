"""`intercom`: one command for the service, for technicians and for tests."""

import importlib
import sys
from collections.abc import Sequence
from typing import Final

from appliance.cli.arguments import Parser, complain
from appliance.cli.exit_codes import ExitCode
from appliance.errors import UsageError
from appliance.version import VERSION

_COMMANDS: Final = {
    "simulate": "the whole telephone on this machine, with simulated drivers and far ends to call",
    "call": "make one call and print what happens",
    "answer": "wait for calls and answer, reject or ignore them",
    "run": "the service: a telephone as its configuration says",
    "check-config": "everything that is wrong with a configuration file, at once",
    "board": "what is wrong with a board file, and its pins as a table",
    "screens": "a picture of every screen of the telephone",
    "decommission": "take a unit off its broker for good: nothing of it stays retained",
    "schema": "what units say and are told on MQTT, as AsyncAPI and JSON Schema",
    "fleet": "many units: their certificates, and a simulation of them",
}

_EPILOG: Final = (
    "Exit status: 0 done, 1 the call failed, 2 usage or configuration, 3 login failed, 4 network. "
    "`intercom COMMAND --help` tells the options."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = Parser(prog="intercom", description="A desk phone and door intercom.", epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"intercom {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    chosen = next((word for word in words if word in _COMMANDS), None)
    for name, purpose in _COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        if name == chosen:
            # Only the command that is asked for is loaded: the others answer at once, on a small machine too.
            module = importlib.import_module(f"appliance.cli.{name.replace('-', '_')}")
            module.add_options(command)
            command.set_defaults(run=module.run)
    parsed = parser.parse_args(words)
    try:
        return int(parsed.run(parsed))
    except UsageError as error:
        complain(f"intercom {parsed.command}", str(error))
        return int(ExitCode.USAGE)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
