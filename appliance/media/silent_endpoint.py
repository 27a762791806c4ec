"""An endpoint that only proves that a driver works."""

from appliance.errors import DriverError
from appliance.media.frame import Pcm, silence


class SilentEndpoint:
    """Hears nothing and says nothing."""

    listening = False

    def captured(self, frame: Pcm) -> None:
        """Not wanted."""

    def wanted(self) -> Pcm:
        """Silence."""
        return silence()

    def xrun(self) -> None:
        """Nobody listens."""

    def lost(self, error: DriverError) -> None:
        """Found out soon enough."""
