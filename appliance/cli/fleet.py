"""`intercom fleet …`: what the person with many units needs."""

import argparse
from typing import Final

from appliance.cli import fleet_authority, fleet_demo, fleet_run
from appliance.cli.arguments import Parser
from appliance.cli.exit_codes import ExitCode

_COMMANDS: Final = {
    "authority": ("certificates for a broker, its units and the people who command them", fleet_authority),
    "demo": ("a broker, some units and the dashboard on this machine, until Ctrl-C", fleet_demo),
    "run": ("many simulated units on a broker, to try it and its dashboard", fleet_run),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The commands below this one."""
    commands = parser.add_subparsers(dest="part", required=True, metavar="COMMAND", parser_class=Parser)
    for name, (purpose, module) in _COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        module.add_options(command)
        command.set_defaults(run_part=module.run)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError`."""
    code: ExitCode = arguments.run_part(arguments)
    return code
