"""The headers of event notification: Event, Subscription-State (RFC 6665 §8.2.1, §8.2.3)."""

from dataclasses import dataclass
from typing import Self

from appliance.sip.header_values import parameters, split_outside
from appliance.sip.message import Request

_MAX_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class EventType:
    """An event package, and which of several subscriptions of a dialog is meant."""

    package: str
    id: str = ""

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """The Event of a request; None without one."""
        parts = split_outside(request.first("Event") or "", ";")
        package = next(parts).lower()
        return cls(package, parameters(parts).get("id", "")) if package else None

    def __str__(self) -> str:
        return f"{self.package};id={self.id}" if self.id else self.package


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """What a NOTIFY says of the subscription itself; `expires` and `retry_after` in seconds, None if not said."""

    state: str
    reason: str = ""
    expires: int | None = None
    retry_after: int | None = None

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """The Subscription-State of a NOTIFY; None without one."""
        parts = split_outside(request.first("Subscription-State") or "", ";")
        state = next(parts).lower()
        if not state:
            return None
        fields = parameters(parts)
        return cls(
            state=state,
            reason=fields.get("reason", "").lower(),
            expires=seconds(fields.get("expires")),
            retry_after=seconds(fields.get("retry-after")),
        )

    @property
    def is_terminated(self) -> bool:
        """Whether the subscription is over."""
        return self.state == "terminated"

    def __str__(self) -> str:
        reason = f";reason={self.reason}" if self.reason else ""
        return f"{self.state}{reason}" if self.expires is None else f"{self.state};expires={self.expires}{reason}"


def seconds(text: str | None) -> int | None:
    """A delta-seconds (RFC 3261 §25.1) of a week at most; None for anything else."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    return min(int(text), _MAX_SECONDS)
