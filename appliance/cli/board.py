"""`intercom board`: what is wrong with a board file, and its pins as a table."""

import argparse
import sys
from pathlib import Path

from appliance.cli.exit_codes import ExitCode
from appliance.config.board import load_board
from appliance.config.pinout import markdown
from appliance.errors import ConfigError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the board file to check, like those of hardware/boards"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    try:
        board = load_board(arguments.file)
    except ConfigError as error:
        sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
        return ExitCode.USAGE
    print(f"{board.name}\n\n{markdown(board)}")
    return ExitCode.DONE
