"""`intercom check-config`: everything that is wrong with a configuration, at once."""

import argparse
import sys
from pathlib import Path

from appliance.cli.exit_codes import ExitCode
from appliance.config.load import advice, load
from appliance.errors import ConfigError, UsageError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the configuration to check")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    # What only its user can judge, like a dial plan, is judged by its user.
    from appliance.app.door import door_settings  # noqa: PLC0415
    from appliance.app.settings import client_settings, phone_settings  # noqa: PLC0415

    file: Path = arguments.file
    try:
        configuration = load(file)
        client_settings(configuration)
        phone_settings(configuration)
        door_settings(configuration)
    except ConfigError as error:
        sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
        return ExitCode.USAGE
    except UsageError as error:
        sys.stderr.write(f"{file}: {error}\n")
        return ExitCode.USAGE
    for sentence in advice(file):
        print(f"advice: {sentence}")
    unit, line = configuration.unit, configuration.line
    print(f"{file} is good: {unit.site}/{unit.name}, {line.user}@{line.domain} at {', '.join(line.registrars)}")
    return ExitCode.DONE
