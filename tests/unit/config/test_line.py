"""[line] and what else a session is told."""

import pytest

from tests.unit.config.test_load import LINE, problems

ERRORS = [
    (LINE + "session_expires = 60", "line.session_expires = 60 can't be used: allowed is 0 or 90 to 86400"),
    (LINE + 'client_region = "mars"', "allowed is none: [line.regions] names no region"),
    (
        LINE + 'client_region = "europ"\n[line.regions]\neurope = "ws://a"\nasia = "ws://b"',
        'line.client_region = "europ" can\'t be used: allowed is one of europe, asia; did you mean europe?',
    ),
    (LINE + "[line.regions]\neurope = []", "line.regions.europe is empty: allowed is at least one address, wss://…"),
    (LINE + '[line.regions]\neurope = "http://a"', 'line.regions.europe = "http://a" can\'t be used'),
    (LINE + '[line.regions]\n"a b" = "ws://a"', "line.regions.a b can't be a name: allowed is 1 to 64 letters"),
    (LINE + 'keepalive = ["ping"]', "allowed is one of websocket, crlf, options"),
    (LINE + "keepalive = []", "line.keepalive is empty: allowed is at least one of websocket, crlf, options"),
    (LINE + "keepalive_interval = -1", "line.keepalive_interval = -1 can't be used: allowed is a number from 0 to 300"),
    (LINE + "keepalive_patience = 0", "line.keepalive_patience = 0 can't be used: allowed is a number from 0.5 to 60"),
    (LINE + "failback = -1", "line.failback = -1 can't be used: allowed is a number from 0 to 86400"),
    (LINE + "connect_timeout = 0", "line.connect_timeout = 0 can't be used: allowed is a number from 1 to 120"),
    (LINE + "auto_register = 1", "line.auto_register = 1 can't be used: allowed is true or false"),
    (LINE + 'access_token_file = "nowhere"', "line.access_token_file: there is no file nowhere"),
    (LINE + 'access_token_file = "nowhere"', "line.user is of no use beside line.access_token_file"),
    (LINE + 'token_header = "X-Jwt"', "line.token_header is of no use without line.access_token_file"),
    (LINE + 'token_header = "X Jwt"', "allowed is the name of a header, like X-Plivo-Jwt"),
    (LINE + "[unit]\nclose_protection = 1", "unit.close_protection = 1 can't be used: allowed is true or false"),
    (LINE + '[unit]\ncrash_report_url = "http://a"', "unit.crash_report_url"),
    (LINE + '[unit]\ncrash_report_ca_file = "nowhere"', "unit.crash_report_ca_file: there is no file nowhere"),
    (LINE + '[unit]\ncapture_sdk_crash_only = "no"', "allowed is true or false"),
    (LINE + "[audio]\nperm_on_click = 0", "audio.perm_on_click = 0 can't be used: allowed is true or false"),
]


@pytest.mark.parametrize(("text", "sentence"), ERRORS)
def test_each_error_names_key_value_and_what_is_allowed(text: str, sentence: str) -> None:
    found = problems(text)
    assert any(sentence in problem for problem in found), found
