"""A room with an echo: what is heard is said again. The sound driver of an echo test."""

from appliance.errors import DriverError
from appliance.media.ports import AudioEndpoint
from appliance.media.ticker import Ticker


class EchoAudio:
    """A microphone that hears the speaker and nothing else, with a clock of its own. It adds no delay."""

    def __init__(self) -> None:
        self._ticker: Ticker | None = None

    @property
    def name(self) -> str:
        """The name in logs and events, for people."""
        return "echo"

    def start(self, endpoint: AudioEndpoint) -> None:
        """Begin to exchange frames with `endpoint`. Raises `DriverError` if it has begun already."""
        if self._ticker is not None:
            raise DriverError("echo is in use")

        def tick() -> None:
            endpoint.captured(endpoint.wanted())

        self._ticker = Ticker("echo", tick)
        self._ticker.start()

    def stop(self) -> None:
        """End it; when this returns, the endpoint is no longer called."""
        ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.stop()
