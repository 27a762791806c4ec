from dataclasses import fields, replace
from pathlib import Path

import pytest

from appliance.app.settings import client_settings, instance_id, media_settings, phone_settings
from appliance.calls.screening import Forwarding
from appliance.calls.service_settings import ServiceSettings
from appliance.config import load, model
from appliance.config.secret import Secret
from appliance.config.services import BusyStatus, LampWatchers, Services, Transfers
from appliance.errors import UsageError
from appliance.media.settings import EchoCancellation, MediaSettings, VoiceSettings
from appliance.media.tone_plan import COUNTRIES
from appliance.units import Milliseconds, Seconds

LINE = model.Line(registrars=("wss://a.test",), user="201", password=Secret("word"), domain="b.test")
CONFIGURATION = model.Configuration(line=LINE)


def test_the_defaults_of_the_configuration_are_those_of_the_parts() -> None:
    assert media_settings(model.Media(), model.Voice()) == MediaSettings()
    assert client_settings(CONFIGURATION).ring_timeout == 60.0


def test_every_value_arrives() -> None:
    media = model.Media(
        codecs=("PCMA",),
        ptime=40,
        max_average_bitrate=8000,
        discontinuous=True,
        stun=("stun:a",),
        turn=model.Turn(urls=("turn:a",), user="u", password=Secret("p")),
        dscp=0,
        playout_delay=Milliseconds(60.0),
        loopback=True,
    )
    made = media_settings(media, model.Voice())
    changed = {
        field.name for field in fields(made) if getattr(made, field.name) != getattr(MediaSettings(), field.name)
    }
    assert changed >= {field.name for field in fields(media)}
    assert made.turn is not None
    assert made.turn.password == "p"
    settings = client_settings(replace(CONFIGURATION, line=replace(LINE, ca_file=Path("ca.pem"), register_expires=300)))
    assert (settings.ca_file, settings.register_expires, settings.domain) == ("ca.pem", 300, "b.test")


def test_the_phone() -> None:
    dialling = model.Dialling(patterns=("1XX",), blocked=("0900.",), inter_digit=Seconds(2.0))
    settings = phone_settings(replace(CONFIGURATION, dialling=dialling))
    assert settings.number == "201"
    assert settings.dial_plan.patience("100") == 0.0
    assert not settings.dial_plan.permits("09001")
    with pytest.raises(UsageError, match="pattern"):
        phone_settings(replace(CONFIGURATION, dialling=model.Dialling(patterns=("[",))))


def test_the_instance_is_the_same_after_every_start_and_another_on_another_machine(tmp_path: Path) -> None:
    one, other, empty = tmp_path / "one", tmp_path / "other", tmp_path / "empty"
    one.write_text("0123456789abcdef0123456789abcdef\n")
    other.write_text("fedcba9876543210fedcba9876543210\n")
    empty.write_text("")
    first = instance_id(LINE, one)
    assert first.startswith("urn:uuid:")
    assert first == instance_id(LINE, one)
    assert first != instance_id(LINE, other)
    assert first != instance_id(replace(LINE, user="202"), one)
    assert "0123456789abcdef" not in first.replace("-", "")
    assert instance_id(LINE, empty) == instance_id(LINE, tmp_path / "nowhere") == ""


def test_voice_tones_and_digits_reach_their_parts() -> None:
    voice = model.Voice(
        echo_cancellation=model.EchoCancellation.HANDS_FREE, noise_suppression=True, side_tone=-18.0, loudest=-12.0
    )
    made = media_settings(model.Media(discontinuous=True), voice)
    assert made.voice == VoiceSettings(echo_cancellation=EchoCancellation.HANDS_FREE, noise_suppression=True)
    assert (made.side_tone, made.loudest, made.discontinuous) == (-18.0, -12.0, True)
    assert [each.value for each in model.EchoCancellation] == [each.value for each in EchoCancellation]
    assert load.COUNTRIES == COUNTRIES


def test_services_are_told_what_the_file_says() -> None:
    services = Services(
        transfers=Transfers.DOMAIN,
        forward_no_answer="103",
        forward_after=Seconds(15.0),
        do_not_disturb=BusyStatus.UNAVAILABLE,
        auto_answer=("door",),
        auto_answer_always=True,
        message_waiting=True,
        lamp_watchers=LampWatchers.NOBODY,
    )
    made = client_settings(replace(CONFIGURATION, services=services)).services
    assert (made.transfers, made.lamp_watchers, made.message_waiting) == ("domain", "nobody", True)
    assert made.forwarding == Forwarding(no_answer="sip:103@b.test", after=Seconds(15.0))
    assert made.do_not_disturb_status == 480
    assert made.auto_answer.permits("sip:door@b.test", "b.test")
    assert client_settings(CONFIGURATION).services == ServiceSettings()
