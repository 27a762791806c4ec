"""Which sound a telephone's tone is: the country's, its own, or the one that somebody has set in its place."""

from appliance.calls.call_tones import CallTones, Sound
from appliance.media import tones
from appliance.phone.actions import ToneName


def sound_of(tone: ToneName, set_now: CallTones) -> Sound | None:
    """The sound of `tone`; None is silence."""
    plan = set_now.plan
    sounds: dict[ToneName, Sound | None] = {
        ToneName.DIAL: plan.dial,
        ToneName.CONNECTING: set_now.connect_tone,
        ToneName.RINGBACK: set_now.ring_tone_back,
        ToneName.BUSY: plan.busy,
        ToneName.REORDER: plan.reorder,
        ToneName.CALL_WAITING: plan.call_waiting,
        ToneName.RINGTONE: set_now.ring_tone,
        ToneName.RECONNECTING: tones.RECONNECTING,
        ToneName.OFFER: tones.OFFER,
        ToneName.IDENTIFY: tones.IDENTIFY,
        ToneName.HANG_UP: plan.howler,
    }
    return sounds[tone]
