"""`intercom call`: one call, made, heard and ended."""

import argparse

from appliance.calls.call import Call
from appliance.cli import session as sessions
from appliance.cli.exit_codes import ExitCode
from appliance.cli.line_options import add_header_option, add_line_options, line_options
from appliance.cli.session import Session
from appliance.errors import StateError, TransportError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--to", required=True, metavar="SIP", help="a number, a user, or sip:user@domain")
    add_line_options(parser)
    add_header_option(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError` for options that can't be used."""
    options = line_options(arguments)

    async def work(session: Session) -> ExitCode:
        return await _call(session, arguments.to)

    return sessions.run("intercom call", options, work)


async def _call(session: Session, to: str) -> ExitCode:
    try:
        call: Call = await session.client.call(to, dict(session.options.headers))
    except StateError as error:
        raise TransportError(str(error)) from error
    if await sessions.until(session.stop, call.wait_answered()):
        return await sessions.talk(session, call)
    call.hang_up()
    return await sessions.summarise(session, call)
