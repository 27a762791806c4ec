"""What a microphone's sound goes through before it is sent: echo cancellation, noise suppression, gain control.

All of it is one `VoiceProcessor` in the mixer, or none. It runs on the audio threads, a frame of 10 ms at a time.
"""

from typing import Protocol

from appliance.media.echo_canceller import HandsetEchoCanceller, HandsFreeEchoCanceller
from appliance.media.frame import Pcm
from appliance.media.processing_module import ProcessingModule
from appliance.media.settings import EchoCancellation, VoiceSettings


class VoiceProcessor(Protocol):
    """Makes a microphone better to listen to. `played` and `processed` are called on one thread each, for ever."""

    def played(self, frame: Pcm) -> None:
        """The loudspeaker gets `frame`, shape (480,), not to be changed."""

    def processed(self, frame: Pcm) -> Pcm:
        """What is to be sent of a frame of the microphone, shape (480,), not to be changed."""


def voice_processor(settings: VoiceSettings) -> VoiceProcessor | None:
    """What `settings` want, None if nothing. May take half a second the first time.

    Raises:
        DriverError: the package that it wants is not installed.
    """
    echo: HandsetEchoCanceller | None = None
    if settings.echo_cancellation is EchoCancellation.HANDSET:
        echo = HandsetEchoCanceller()
    elif settings.echo_cancellation is EchoCancellation.HANDS_FREE:
        echo = HandsFreeEchoCanceller()
    module: ProcessingModule | None = None
    # After a hands-free canceller for its high pass too: what is below 80 Hz would come and go.
    if isinstance(echo, HandsFreeEchoCanceller) or settings.noise_suppression or settings.gain_control:
        module = ProcessingModule(noise=settings.noise_suppression, gain=settings.gain_control)
    return None if echo is None and module is None else _Processing(echo, module)


class _Processing:
    """First the echo, then the rest."""

    def __init__(self, echo: HandsetEchoCanceller | None, module: ProcessingModule | None) -> None:
        self._echo = echo
        self._module = module

    def played(self, frame: Pcm) -> None:
        if self._echo is not None:
            self._echo.played(frame)

    def processed(self, frame: Pcm) -> Pcm:
        if self._echo is not None:
            frame = self._echo.processed(frame)
        return frame if self._module is None else self._module.processed(frame)
