from typing import Any

import pytest

from appliance.calls.settings import ClientSettings
from appliance.errors import UsageError
from appliance.units import Seconds


def test_the_domain_is_the_registrars_host_unless_given() -> None:
    assert ClientSettings(registrars="wss://sip.example.org:7443/ws").sip_domain == "sip.example.org"
    assert ClientSettings(registrars=("ws://a", "ws://b"), domain="example.org").sip_domain == "example.org"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        ClientSettings(
            registrars=("http://a", "wss://"),
            register_expires=5,
            ring_timeout=Seconds(0.0),
            enable_quality_tracking="some",
            quality_preset="strict",
            feedback_url="http://example.org",
            crash_report_url="https://a:b@example.org",
            token_header="X Token",
            session_expires=60,
            regions={"europe": ("ftp://e",)},
            client_region="mars",
            identifier="a b",
            failback=Seconds(-1.0),
            connect_timeout=Seconds(0.0),
        )
    message = str(caught.value)
    for word in (
        "'http://a'",
        "'wss://'",
        "register_expires",
        "ring_timeout",
        "enable_quality_tracking: 'some' is not one of all, remoteonly, localonly, none",
        "quality_preset: 'strict' is not one of documented, plivo, twilio",
        "feedback_url: 'http://example.org' is not https://host",
        "crash_report_url: 'https://a:b@example.org' is not https://host",
        "token_header: 'X Token' is no name of a header",
        "session_expires: 60 is neither 0 nor in 90-86400",
        "'ftp://e'",
        "client_region: 'mars' is not one of europe",
        "identifier: 'a b' is not 1 to 64 letters",
        "failback: must not be less than 0",
        "connect_timeout: must be more than 0",
    ):
        assert word in message


def test_a_client_needs_a_registrar() -> None:
    with pytest.raises(UsageError, match="registrars"):
        ClientSettings(registrars=())


def test_what_tracking_comes_to() -> None:
    def tracking(**options: Any) -> str:
        return ClientSettings(registrars="ws://a", **options).tracking

    assert tracking() == "all"
    assert tracking(enable_tracking=False) == "none"
    assert tracking(enable_tracking=False, enable_quality_tracking="LOCALONLY") == "localonly"
