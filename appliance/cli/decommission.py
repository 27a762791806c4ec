"""`intercom decommission`: take a unit off its broker, for good."""

import argparse
import sys
from pathlib import Path

from appliance.cli.arguments import complain
from appliance.cli.exit_codes import ExitCode
from appliance.config.load import load
from appliance.errors import ConfigError, StateError, TransportError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the configuration of the unit")
    parser.add_argument("--force", action="store_true", help="even if the unit is online")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    try:
        configuration = load(arguments.config)
    except ConfigError as error:
        sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
        return ExitCode.USAGE
    if configuration.broker is None:
        complain("intercom decommission", f"{arguments.config} names no broker")
        return ExitCode.USAGE
    from appliance.app.decommission import decommission  # noqa: PLC0415 -- only what is needed is loaded

    try:
        cleared = decommission(configuration, configuration.broker, force=arguments.force)
    except StateError as error:
        complain("intercom decommission", str(error))
        return ExitCode.USAGE
    except TransportError as error:
        complain("intercom decommission", str(error))
        return ExitCode.NETWORK
    for topic in cleared.topics:
        print(f"cleared {topic}")
    for topic in cleared.left:
        print(f"left to a manager: {topic}")
    return ExitCode.DONE
