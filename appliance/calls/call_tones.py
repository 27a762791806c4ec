"""The sounds of a client's calls: the country's, the telephone's own, or a recording in their place."""

from appliance.media import tones
from appliance.media.recording import Recording
from appliance.media.tone_plan import STANDARD, TonePlan
from appliance.media.tones import Tone

Sound = Tone | Recording


class CallTones:
    """What is set now. `Client.set_ring_tone` and its like set it; a telephone around the client asks for it."""

    def __init__(self, plan: TonePlan = STANDARD, *, connecting: bool = True) -> None:
        self.plan = plan
        """The country's."""
        self.ring_tone: Sound | None = plan.ringtone
        """Somebody calls; None is silence."""
        self.ring_tone_back: Sound | None = plan.ringback
        """The other telephone rings; None is silence."""
        self.covers_early_media = False
        """Our ringback sounds although the far end sends a sound of its own."""
        self.connect_tone: Tone | None = tones.CONNECTING if connecting else None
        """From the INVITE until something is heard of the far end; None is silence."""

    def ring(self, choice: Recording | bool) -> None:
        """True is the telephone's own ringtone, False none."""
        self.ring_tone = choice if isinstance(choice, Recording) else self.plan.ringtone if choice else None

    def ring_back(self, choice: Recording | bool | None) -> None:
        """True, or a recording: over whatever the far end sends. False: what it sends alone. None: until it sends."""
        self.covers_early_media = choice is not None and choice is not False
        self.ring_tone_back = (
            choice if isinstance(choice, Recording) else None if choice is False else self.plan.ringback
        )

    def connect(self, on: bool) -> None:
        """With or without."""
        self.connect_tone = tones.CONNECTING if on else None
