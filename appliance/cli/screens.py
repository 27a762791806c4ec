"""`intercom screens`: a picture of every screen of the telephone."""

import argparse
from pathlib import Path

from appliance.cli.arguments import complain, writable_file
from appliance.cli.exit_codes import ExitCode


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--out", required=True, type=writable_file, metavar="PNG", help="where the picture is written")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    from appliance.phone.gallery import render_sheet  # noqa: PLC0415 -- drawing is loaded only to draw

    path: Path = arguments.out
    try:
        render_sheet(path)
    except OSError as error:
        complain("intercom screens", f"{path} can't be written: {error.strerror or error}")
        return ExitCode.USAGE
    print(path)
    return ExitCode.DONE
