"""The life of an imagined unit: calls, registration, health and faults, each a story of its own, told in their order.

calls ────────┐
registration ─┼─► by time ─► events of the call API, states, faults
health ───────┤
faults ───────┘
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from random import Random
from typing import Final

from appliance.app.fleet.calls import Wish, call
from appliance.app.fleet.health import health
from appliance.app.fleet.network import Conditions, SiteNetwork
from appliance.app.fleet.places import Place
from appliance.calls.events import ClientEvent, ConnectionChange, Login, LoginFailed, Logout, WebSocketConnected
from appliance.mqtt.unit_states import Health, Sound
from appliance.units import Seconds

_HEALTH_EVERY: Final = 60.0
_MEAN_CALL: Final = 90.0
_RESTARTS: Final = 6 * 3600.0  # seconds from one to the next, on average, like the other two
_POWER_CUTS: Final = 8 * 3600.0
_SOUND_FAULTS: Final = 12 * 3600.0
_REFUSED: Final = 0.004  # of all units have an account that the registrar does not know


class Fault(Enum):
    """What happens to the unit itself."""

    RESTART = "restart"
    """The service stops with a goodbye, and comes back."""
    POWER_CUT = "power_cut"
    """It is gone, and comes back: the broker tells."""


Happening = ClientEvent | Health | Sound | Fault
_Story = Iterator[tuple[float, Happening | None]]
# None: nothing happens, and time has passed.


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How busy the units are."""

    busy: float = 0.05
    """The share of units that is in a call."""
    pace: float = 1.0
    """How many times as often as in life things go wrong."""
    faults: bool = True
    """Whether units restart and lose their power."""


class Telephone:
    """One unit. Begins `now`, when it is made, at the time of day `wall`; ask again at `due`. Times only grow."""

    def __init__(
        self,
        place: Place,
        network: SiteNetwork,
        random: Random,
        traffic: Traffic,
        *,
        now: Seconds,
        wall: datetime,
    ) -> None:
        self._wall = wall
        self._place = place
        self._network = network
        self._random = random
        self._traffic = traffic
        self._now: float = now
        self._began: float = now
        self._registered = self._talking = False
        self.wish = Wish()
        stories = [self._registration(), self._calls(), self._health(), *([self._faults()] if traffic.faults else [])]
        self._next: list[tuple[float, int, Happening | None, _Story]] = []
        for order, story in enumerate(stories):
            self._tell_on(story, order)

    @property
    def talking(self) -> bool:
        """It has a call, or tries to."""
        return self._talking

    @property
    def due(self) -> Seconds:
        """When something happens next."""
        return Seconds(self._next[0][0])

    def advance(self, now: Seconds) -> list[Happening]:
        """What has happened until now, in its order."""
        happened = []
        while self._next[0][0] <= now:
            self._now, order, happening, story = heapq.heappop(self._next)
            if happening is not None:
                happened.append(happening)
            self._tell_on(story, order)
        return happened

    def _tell_on(self, story: _Story, order: int) -> None:
        wait, happening = next(story)
        heapq.heappush(self._next, (self._now + wait, order, happening, story))

    def _registration(self) -> _Story:
        random, aor = self._random, self._place.aor
        yield random.uniform(0.2, 2.0), WebSocketConnected(url="wss://sip.example.org/ws")
        while random.random() < _REFUSED:
            yield 0.1, LoginFailed(cause="Authentication Error", status=403, reason="Forbidden")
            yield random.uniform(300, 900), WebSocketConnected(url="wss://sip.example.org/ws")
        self._registered = True
        yield 0.1, Login(aor=aor)
        while True:
            self._conditions()
            outage = self._network.outage
            self_lost = self._now + random.expovariate(self._traffic.pace / (4 * 3600.0))
            lost = min(max(outage.begin, self._now) + random.uniform(0.0, 2.0), self_lost)
            back = outage.end + random.uniform(0.5, 8.0) if lost < self_lost else lost + random.uniform(2.0, 60.0)
            yield lost - self._now, ConnectionChange(state="disconnected", reason="the connection was lost", code=1006)
            self._registered = False
            yield 0.0, Logout(reason="connection_lost")
            yield max(0.5, back - self._now), WebSocketConnected(url="wss://sip.example.org/ws")
            self._registered = True
            yield 0.1, Login(aor=aor, reason="connection_lost")
            yield 0.0, ConnectionChange(state="connected", reason="registered")

    def _calls(self) -> _Story:
        random = self._random
        idle = _MEAN_CALL * (1.0 - self._traffic.busy) / self._traffic.busy
        # Some are in a call from the first moment, so that a short run has as many as a long one.
        wait = random.uniform(3.0, 6.0) if random.random() < self._traffic.busy else random.expovariate(1.0 / idle)
        while True:
            yield wait, None
            if self._registered:
                other = f"sip:{random.randrange(2000, 2999)}@sip.example.org"
                self.wish.hang_up, self._talking = False, True
                yield from call(random, self._place.aor, other, self._second, self.wish, mean=_MEAN_CALL)
                self._talking = False
            wait = random.expovariate(1.0 / idle)

    def _health(self) -> _Story:
        wait = self._random.uniform(1.0, _HEALTH_EVERY)
        while True:
            yield wait, health(self._random, self._place, self._now - self._began)
            wait = _HEALTH_EVERY * self._random.uniform(0.95, 1.05)
            if self._random.random() < _HEALTH_EVERY * self._traffic.pace / _SOUND_FAULTS:
                yield 1.0, Sound(device="USB Handset", working=False, problem="the sound card was unplugged")
                yield self._random.uniform(20.0, 200.0), Sound(device="USB Handset")

    def _faults(self) -> _Story:
        random = self._random
        while True:
            restart = random.expovariate(self._traffic.pace / _RESTARTS)
            power_cut = random.expovariate(self._traffic.pace / _POWER_CUTS)
            yield min(restart, power_cut), Fault.RESTART if restart < power_cut else Fault.POWER_CUT

    def _second(self) -> tuple[Conditions, datetime]:
        return self._conditions(), self._wall + timedelta(seconds=self._now - self._began)

    def _conditions(self) -> Conditions:
        return self._network.conditions(Seconds(self._now))
