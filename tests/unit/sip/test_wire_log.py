"""What of a message may be shown."""

import logging

import pytest

from appliance.sip import wire_log

REGISTER = (
    b"REGISTER sip:sip.test SIP/2.0\r\nCSeq: 2 REGISTER\r\n"
    b'Authorization: Digest username="alice", response="0123456789abcdef"\r\nX-Plivo-Jwt: eyJh.eyJi.sig\r\n\r\n'
)


def test_secrets_and_what_people_write_are_not_shown() -> None:
    shown = wire_log.shown(REGISTER)
    assert "CSeq: 2 REGISTER" in shown
    assert "0123456789abcdef" not in shown
    assert "eyJi" not in shown
    offer = b"INVITE sip:bob@sip.test SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=ice-pwd:verysecret\r\n"
    assert "v=0" in wire_log.shown(offer)
    assert "verysecret" not in wire_log.shown(offer)
    digits = b"INFO sip:bob@sip.test SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\n"
    assert wire_log.shown(digits).endswith("(10 bytes)")
    assert wire_log.shown(b"\r\n\r\n") == "a keepalive"


def test_nothing_is_shown_unless_all_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "appliance")
    wire_log.sent(REGISTER)
    wire_log.received(REGISTER)
    assert caplog.text == ""
    caplog.set_level(wire_log.ALL, "appliance")
    wire_log.sent(REGISTER)
    assert "sent\nREGISTER" in caplog.text
