"""A configuration from afar and its trial: what becomes of it. Pure; `config_store.py` keeps it.

own ──► trial ──► confirmed ──► trial …          broker and registrar are there at the end of the trial
└─────► reverted                       they are not, or the service started again before the end
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from appliance.mqtt.command_payloads import ConfigReported, ConfigState


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One version and what it sets; the version "" is the unit's own file alone."""

    version: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is in use, what was before, and how it went."""

    state: ConfigState = ConfigState.OWN
    now: Layer = field(default_factory=Layer)
    before: Layer = field(default_factory=Layer)
    tried: str = ""
    problems: tuple[str, ...] = ()
    since: datetime | None = None
    confirm_within: float = 120.0
    """Seconds."""
    begun: bool = False
    """A service has started with it."""

    def applied(self, layer: Layer, confirm_within: float, wall: datetime) -> "Trial":
        """Use `layer` from the next start on, on trial."""
        return Trial(state=ConfigState.TRIAL, now=layer, before=self.now, since=wall, confirm_within=confirm_within)

    def started(self, wall: datetime) -> "Trial":
        """A service starts: a trial that a service has begun before did not get to its end."""
        if self.state is not ConfigState.TRIAL:
            return self
        if self.begun:
            return self.reverted("the service ended before the trial did", wall)
        return replace(self, begun=True)

    def confirmed(self) -> "Trial":
        """Broker and registrar are there: it stays."""
        return replace(self, state=ConfigState.CONFIRMED)

    def reverted(self, problem: str, wall: datetime) -> "Trial":
        """Back to what was before."""
        return Trial(
            state=ConfigState.REVERTED, now=self.before, tried=self.now.version, problems=(problem,), since=wall
        )

    def rejected(self, version: str, problems: tuple[str, ...]) -> "Trial":
        """A version that is not even tried."""
        return replace(self, state=ConfigState.REJECTED, tried=version, problems=problems)

    def rolled_back(self, wall: datetime) -> "Trial":
        """A manager wants what was before."""
        state = ConfigState.CONFIRMED if self.before.version else ConfigState.OWN
        return Trial(state=state, now=self.before, tried=self.now.version, since=wall)

    def wants(self, version: str) -> bool:
        """Whether a version that is desired is to be tried: it is neither in use nor has it failed."""
        return version not in {self.now.version, self.tried}

    def report(self, digest: str) -> ConfigReported:
        """`cfg/reported`."""
        return ConfigReported(
            state=self.state,
            version=self.now.version,
            previous=self.before.version,
            tried=self.tried,
            hash=digest,
            since=self.since,
            problems=self.problems,
        )
