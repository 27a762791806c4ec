"""How a command ends: what scripts and technicians can rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit status of every command."""

    DONE = 0
    """What was asked for was done."""
    CALL_FAILED = 1
    """The call failed, or the sound did not come back; the cause is printed."""
    USAGE = 2
    """An argument, a file or a configuration can't be used."""
    LOGIN_FAILED = 3
    """The registrar refused the user or the password."""
    NETWORK = 4
    """The registrar can't be reached, or was lost."""
