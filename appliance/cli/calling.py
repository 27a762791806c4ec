"""What `intercom call` does."""

from appliance.cli import session as sessions
from appliance.cli.exit_codes import ExitCode
from appliance.cli.line_options import LineOptions
from appliance.cli.session import Session
from appliance.errors import StateError, TransportError


def call(options: LineOptions, to: str) -> ExitCode:
    """Call `to`, be in the call as the options say, and end it."""

    async def work(session: Session) -> ExitCode:
        return await _call(session, to)

    return sessions.run("intercom call", options, work)


async def _call(session: Session, to: str) -> ExitCode:
    left = session.client.current_call
    if left is not None and left.answered:
        return await sessions.talk(session, left)  # by a run that was killed
    try:
        made = await session.client.call(to, dict(session.options.headers))
    except StateError as error:
        # Nobody else uses this client: it has been logged out, or called, meanwhile.
        raise TransportError(str(error)) from error
    if await sessions.until(session.stop, made.wait_answered()):
        return await sessions.talk(session, made)
    made.hang_up()
    return await sessions.summarise(session, made)
