"""What each part of a unit is told, out of its configuration. Loads no part: a configuration is checked quickly."""

import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from appliance.calls import destination
from appliance.calls.auto_answer import AutoAnswer
from appliance.calls.dtmf import DtmfOptions
from appliance.calls.screening import BUSY_HERE, UNAVAILABLE, Forwarding
from appliance.calls.service_settings import ServiceSettings
from appliance.calls.settings import ClientSettings
from appliance.config.model import Configuration, Line, Media, Turn, Voice
from appliance.config.phone import Language
from appliance.config.services import BusyStatus, Services
from appliance.media.settings import EchoCancellation, MediaSettings, TurnServer, VoiceSettings
from appliance.phone.dial_plan import DialPlan
from appliance.phone.hook import FlashTimes
from appliance.phone.state import PhoneSettings, Target
from appliance.phone.words import ENGLISH, Words
from appliance.phone.words_german import GERMAN
from appliance.phone.words_spanish import SPANISH
from appliance.sip.settings import LivenessSettings, Question
from appliance.units import Dbov, Seconds

_WORDS: Final[Mapping[Language, Words]] = MappingProxyType(
    {Language.ENGLISH: ENGLISH, Language.GERMAN: GERMAN, Language.SPANISH: SPANISH}
)

GOODBYE: Final = Seconds(0.6)
"""How long each of the registrar and the broker is waited for when the unit stops: together well under two seconds."""

_MACHINE_ID: Final = Path("/etc/machine-id")


def client_settings(configuration: Configuration) -> ClientSettings:
    """The line and its media. Raises `UsageError`."""
    line, quality, unit = configuration.line, configuration.quality, configuration.unit
    return ClientSettings(
        registrars=line.registrars,
        regions=line.regions,
        client_region=line.client_region,
        connect_timeout=line.connect_timeout,
        failback=line.failback,
        liveness=LivenessSettings(
            interval=line.keepalive_interval,
            patience=line.keepalive_patience,
            questions=tuple(Question(question.value) for question in line.keepalive),
        ),
        session_expires=line.session_expires,
        auto_register=line.auto_register,
        token_header=line.token_header,
        identifier=unit.name,
        close_protection=unit.close_protection,
        capture_sdk_crash_only=unit.capture_sdk_crash_only,
        crash_report_url=unit.crash_report_url,
        crash_report_ca_file=None if unit.crash_report_ca_file is None else str(unit.crash_report_ca_file),
        perm_on_click=configuration.audio.perm_on_click,
        domain=line.domain,
        display_name=line.display_name,
        ca_file=None if line.ca_file is None else str(line.ca_file),
        instance_id=instance_id(line),
        register_expires=line.register_expires,
        calls_folder=line.calls_folder,
        restore_within=line.restore_within,
        ring_timeout=configuration.dialling.ring_timeout,
        close_timeout=GOODBYE,
        # How many are too many is for the telephone to say.
        allow_multiple_incoming=True,
        enable_tracking=quality.enable_tracking,
        enable_quality_tracking=quality.enable_quality_tracking,
        quality_preset=quality.preset,
        feedback_url=quality.feedback_url,
        feedback_ca_file=None if quality.feedback_ca_file is None else str(quality.feedback_ca_file),
        country=configuration.tones.country,
        connect_tone=configuration.tones.connect_tone,
        dtmf_options=DtmfOptions(
            send_dtmf_type=configuration.dtmf.send_dtmf_type, detect_inband=configuration.dtmf.detect_inband
        ),
        services=service_settings(configuration.services, line.domain),
        media=media_settings(configuration.media, configuration.voice),
    )


def service_settings(services: Services, domain: str) -> ServiceSettings:
    """How supplementary services behave. Raises `UsageError`."""

    def target(user: str) -> str:
        return destination.uri(user, domain) if user else ""

    return ServiceSettings(
        follow_redirects=services.follow_redirects,
        transfers=services.transfers.value,
        forwarding=Forwarding(
            always=target(services.forward_always),
            busy=target(services.forward_busy),
            no_answer=target(services.forward_no_answer),
            after=services.forward_after,
        ),
        do_not_disturb_status=BUSY_HERE if services.do_not_disturb is BusyStatus.BUSY else UNAVAILABLE,
        auto_answer=AutoAnswer(
            callers=services.auto_answer, always=services.auto_answer_always, delay=services.auto_answer_delay
        ),
        message_waiting=services.message_waiting,
        lamp_watchers=services.lamp_watchers.value,
    )


def media_settings(media: Media, voice: Voice) -> MediaSettings:
    """How sound travels, and what it goes through."""
    return MediaSettings(
        codecs=media.codecs,
        ptime=media.ptime,
        max_average_bitrate=media.max_average_bitrate,
        discontinuous=media.discontinuous,
        stun=media.stun,
        turn=None if media.turn is None else turn_server(media.turn),
        dscp=media.dscp,
        playout_delay=media.playout_delay,
        loopback=media.loopback,
        loudest=Dbov(voice.loudest),
        side_tone=None if voice.side_tone is None else Dbov(voice.side_tone),
        voice=VoiceSettings(
            echo_cancellation=EchoCancellation(voice.echo_cancellation.value),
            noise_suppression=voice.noise_suppression,
            gain_control=voice.gain_control,
        ),
    )


def turn_server(turn: Turn) -> TurnServer:
    """The relay."""
    return TurnServer(
        urls=turn.urls,
        username=turn.user,
        password=turn.password.reveal(),
        ca_file=None if turn.ca_file is None else str(turn.ca_file),
    )


def phone_settings(configuration: Configuration) -> PhoneSettings:
    """What the person at the telephone meets. Raises `UsageError` for a dial plan that can't be read."""
    dialling, phone = configuration.dialling, configuration.phone
    return PhoneSettings(
        name=configuration.line.display_name or configuration.unit.name,
        number=configuration.line.user,
        dial_plan=DialPlan.of(
            patterns=dialling.patterns,
            blocked=dialling.blocked,
            emergency=dialling.emergency,
            inter_digit=dialling.inter_digit,
        ),
        dark_after=phone.dark_after,
        words=_WORDS[phone.language],
        flash=FlashTimes() if phone.hook_flash else None,
        most_calls=3 if phone.call_waiting else 1,
        hotline=tuple(Target(number) for number in phone.hotline),
        hotline_delay=phone.hotline_delay,
        longest_call=phone.longest_call,
        buttons={
            button.name: tuple(Target(number, button.seconds) for number in button.call) for button in phone.button
        },
    )


def instance_id(line: Line, machine_id: Path = _MACHINE_ID) -> str:
    """The unit's name for ever (RFC 5626 §4.1), the same after every start; "" if the machine has none.

    Derived, not copied: the machine's own id is not for others (machine-id(5)).
    """
    try:
        machine = machine_id.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{machine}/{line.user}@{line.domain}')}" if machine else ""
