"""`intercom answer`: waits for calls and answers, rejects or ignores them."""

import argparse

from appliance.cli.arguments import checked, positive_count
from appliance.cli.exit_codes import ExitCode
from appliance.cli.line_options import add_line_options, line_options


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument(
        "--count",
        type=checked(positive_count, "a whole number from 1"),
        default=1,
        metavar="N",
        help="end after so many calls (default 1)",
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--reject", action="store_true", help="answer 486 Busy Here")
    choice.add_argument("--ignore", action="store_true", help="fall silent: the caller hears ringback until giving up")
    choice.add_argument(
        "--auto-answer",
        action="append",
        default=[],
        metavar="CALLER",
        help="let the unit answer calls of this user or SIP address by itself, after a beep; others ring on",
    )
    add_line_options(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError` for options that can't be used."""
    options = line_options(arguments)
    from appliance.cli.answering import Manner, answer  # noqa: PLC0415 -- as in `call`

    manner = Manner.REJECT if arguments.reject else Manner.IGNORE if arguments.ignore else Manner.ANSWER
    if options.auto_answer or options.script is not None:
        manner = Manner.AUTO if options.auto_answer else Manner.SCRIPT
    return answer(options, manner, arguments.count)
