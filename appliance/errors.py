"""The exceptions: misuse, bad configuration, a lost transport.

What a peer does (busy, no answer, a damaged packet) is an event, never one of these.
"""

from collections.abc import Sequence


class ApplianceError(Exception):
    """The root of every exception this package raises on purpose."""


class UsageError(ApplianceError, ValueError):
    """An argument that can't be used: the message names it, its value and what is allowed."""


class StateError(ApplianceError, RuntimeError):
    """A request that does not fit the present state: the message names both."""


class UnknownCall(ApplianceError, LookupError):  # noqa: N818 -- the call API's documented name
    """No call has the UUID that was given."""


class ConfigError(ApplianceError, ValueError):
    """A configuration that can't be used, with every problem found in it at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class TransportError(ApplianceError, ConnectionError):
    """The registrar, the broker or the network can't be reached, or was lost."""


class ClockError(TransportError):
    """This machine's time of day is not set: the registrar's certificate is not valid yet."""


class LoginError(ApplianceError, PermissionError):
    """The registrar refused the registration, or the access token is of no use.

    `status` is the SIP status code, 0 if the registrar was not asked; `cause` is the word that `LoginFailed` has.
    """

    def __init__(self, message: str, *, status: int = 0, cause: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.cause = cause


class GrantError(ApplianceError, PermissionError):
    """The access token does not allow what was asked for."""


class DescriptionError(ApplianceError, ValueError):
    """A session description that no call can be built on (RFC 3264 §6: answer 488)."""


class DriverError(ApplianceError, OSError):
    """A device is missing, taken away, or does not do what its driver needs."""
