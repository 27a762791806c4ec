"""`intercom call`: one call, made, heard and ended."""

import argparse

from appliance.cli.exit_codes import ExitCode
from appliance.cli.line_options import add_header_option, add_line_options, line_options


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--to", required=True, metavar="SIP", help="a number, a user, or sip:user@domain")
    add_line_options(parser)
    add_header_option(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError` for options that can't be used."""
    options = line_options(arguments)
    from appliance.cli.calling import call  # noqa: PLC0415 -- a slip of a finger is told before a phone is loaded

    return call(options, arguments.to)
