"""Sound cards that exist in memory only: they are plugged in, taken away and come back as a test or a demo wants."""

import threading
from collections.abc import Callable

from appliance.errors import DriverError
from appliance.media.frame import Pcm, silence
from appliance.media.ports import AudioDevice, AudioDeviceInfo, AudioEndpoint


class SimulatedCards:
    """An `AudioSystem`. Each card is a microphone and a loudspeaker, made by what it was plugged in with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cards: dict[str, Callable[[], AudioDevice]] = {}
        self._open: list[_Pair] = []

    def plug(self, name: str, make: Callable[[], AudioDevice]) -> None:
        """A card is there from now on; `make` gives a driver for each time it is opened."""
        with self._lock:
            self._cards[name] = make

    def unplug(self, name: str) -> None:
        """It is gone; whoever has it open is told."""
        with self._lock:
            self._cards.pop(name, None)
            hit = [pair for pair in self._open if name in pair.cards]
        for pair in hit:
            pair.taken_away(name)

    def devices(self) -> tuple[AudioDeviceInfo, ...]:
        """Those that are there now."""
        with self._lock:
            names = tuple(self._cards)
        return tuple(
            AudioDeviceInfo(device_id=f"{name}:{kind}", kind=kind, label=name.title(), group_id=name)
            for name in names
            for kind in ("audioinput", "audiooutput")
        )

    def device(self, microphone: str, speaker: str) -> AudioDevice:
        """A microphone of one card and a loudspeaker of the same or another. Opens nothing."""
        return _Pair(self, microphone.partition(":")[0], speaker.partition(":")[0])

    def made(self, pair: "_Pair") -> tuple[AudioDevice, AudioDevice | None]:
        """The drivers of a pair: for the microphone, and for the loudspeaker if that is another card's."""
        with self._lock:
            for name in pair.cards:
                if name not in self._cards:
                    raise DriverError(f"{name or 'default'}: no such card")
            first = self._cards[pair.cards[0]]()
            second = None if pair.cards[0] == pair.cards[1] else self._cards[pair.cards[1]]()
            self._open.append(pair)
        return first, second

    def closed(self, pair: "_Pair") -> None:
        """It is not open any more."""
        with self._lock:
            self._open = [other for other in self._open if other is not pair]


class _Pair:
    def __init__(self, system: SimulatedCards, microphone: str, speaker: str) -> None:
        self._system = system
        self.cards = (microphone, speaker)
        self._drivers: tuple[AudioDevice, ...] = ()
        self._endpoint: AudioEndpoint | None = None

    @property
    def name(self) -> str:
        return self.cards[0] if self.cards[0] == self.cards[1] else " / ".join(self.cards)

    def start(self, endpoint: AudioEndpoint) -> None:
        if self._drivers:
            raise DriverError(f"{self.name} is in use")
        microphone, speaker = self._system.made(self)
        self._endpoint = endpoint
        if speaker is None:
            self._drivers = (microphone,)
            microphone.start(endpoint)
            return
        self._drivers = (microphone, speaker)
        microphone.start(_Only(endpoint, captures=True))
        speaker.start(_Only(endpoint, captures=False))

    def stop(self) -> None:
        self._system.closed(self)
        drivers, self._drivers = self._drivers, ()
        for driver in drivers:
            driver.stop()

    def taken_away(self, name: str) -> None:
        endpoint, self._endpoint = self._endpoint, None
        for driver in self._drivers:
            driver.stop()
        if endpoint is not None:
            endpoint.lost(DriverError(f"{name}: taken away"))


class _Only:
    """One direction of an endpoint."""

    def __init__(self, endpoint: AudioEndpoint, *, captures: bool) -> None:
        self._endpoint = endpoint
        self._captures = captures

    @property
    def listening(self) -> bool:
        return self._endpoint.listening

    def captured(self, frame: Pcm) -> None:
        if self._captures:
            self._endpoint.captured(frame)

    def wanted(self) -> Pcm:
        return silence() if self._captures else self._endpoint.wanted()

    def xrun(self) -> None:
        self._endpoint.xrun()

    def lost(self, error: DriverError) -> None:
        self._endpoint.lost(error)
