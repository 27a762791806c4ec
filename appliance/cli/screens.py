"""`intercom screens`: the screens of the telephone as pictures."""

import argparse
from collections.abc import Callable
from pathlib import Path

from appliance.cli.arguments import complain, writable_file
from appliance.cli.exit_codes import ExitCode


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--out", required=True, type=writable_file, metavar="PNG", help="where all screens are drawn")
    parser.add_argument(
        "--in-call", type=writable_file, metavar="PNG", help="where the display in a call is drawn, large"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    from appliance.phone.gallery import render_in_call, render_sheet  # noqa: PLC0415 -- drawing is loaded only to draw

    pictures: tuple[tuple[Path | None, Callable[[Path], None]], ...] = (
        (arguments.out, render_sheet),
        (arguments.in_call, render_in_call),
    )
    for path, draw in pictures:
        if path is None:
            continue
        try:
            draw(path)
        except OSError as error:
            complain("intercom screens", f"{path} can't be written: {error.strerror or error}")
            return ExitCode.USAGE
        print(path)
    return ExitCode.DONE
