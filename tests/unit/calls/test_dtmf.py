import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls import dtmf
from appliance.calls.dtmf import DigitFilter, DtmfOptions, Press
from appliance.errors import UsageError
from appliance.units import Seconds


@pytest.mark.parametrize(
    ("text", "presses"),
    [
        ("5", [("5", 0.0)]),
        ("1w2#", [("1", 0.5), ("2#", 0.0)]),
        ("a,,9", [("A", 4.0), ("9", 0.0)]),
        ("w1", [("", 0.5), ("1", 0.0)]),
        ("1w,", [("1", 2.5)]),
    ],
)
def test_digits_and_pauses(text: str, presses: list[tuple[str, float]]) -> None:
    assert dtmf.parsed(text) == [Press(digits, Seconds(pause)) for digits, pause in presses]


@pytest.mark.parametrize("text", ["", "E", "1 2", "1x", "٣", "1\n", "1" * 129])
def test_what_no_key_says_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="digits"):
        dtmf.parsed(text)


@given(st.text(alphabet=dtmf.DIGITS + "w,", min_size=1, max_size=60))
def test_no_digit_is_lost_and_no_pause(text: str) -> None:
    presses = dtmf.parsed(text)
    assert "".join(press.digits for press in presses) == text.replace("w", "").replace(",", "")
    assert sum(press.pause for press in presses) == pytest.approx(0.5 * text.count("w") + 2.0 * text.count(","))


@pytest.mark.parametrize("digit", dtmf.DIGITS)
def test_what_we_say_by_info_we_understand(digit: str) -> None:
    assert dtmf.heard(dtmf.RELAY, dtmf.relay_body(digit)) == (digit, dtmf.TONE)


@pytest.mark.parametrize(
    ("content_type", "body", "heard"),
    [
        ("application/dtmf-relay", b"Signal= 5\r\nDuration= 250\r\n", ("5", 250.0)),
        ("Application/DTMF-Relay; charset=utf-8", b"signal=d\nduration=90\n", ("D", 90.0)),
        ("application/dtmf-relay", b"Signal=*", ("*", 100.0)),
        ("application/dtmf-relay", b"Signal=10\r\nDuration=100", ("*", 100.0)),
        ("application/dtmf-relay", b"Signal=11\r\n", ("#", 100.0)),
        ("application/dtmf", b"7", ("7", 100.0)),
        ("application/dtmf", b"7\r\n", ("7", 100.0)),
        ("application/dtmf-relay", b"Signal=", None),
        ("application/dtmf-relay", b"Signal=99", None),
        ("application/dtmf-relay", b"", None),
        ("text/plain", b"Signal=5", None),
        ("", b"\xff\xfe", None),
    ],
)
def test_what_gateways_say(content_type: str, body: bytes, heard: tuple[str, float] | None) -> None:
    assert dtmf.heard(content_type, body) == heard


@given(st.sampled_from([dtmf.RELAY, dtmf.PLAIN, "x/y"]), st.binary(max_size=2000))
def test_a_peers_info_never_raises(content_type: str, body: bytes) -> None:
    heard = dtmf.heard(content_type, body)
    assert heard is None or heard[0] in dtmf.DIGITS


@given(
    st.lists(st.tuples(st.sampled_from("12"), st.floats(0.05, 0.5)), max_size=12),
    st.floats(-0.3, 0.3),
)
def test_keys_said_twice_are_heard_once(keys: list[tuple[str, float]], behind: float) -> None:
    """However fast they are pressed, and whichever way is the quicker."""
    at, told = 10.0, []
    for digit, after in keys:
        at += after
        told += [(at, digit, "rfc4733"), (at + behind, digit, "info")]
    heard = DigitFilter()
    new = [digit for now, digit, way in sorted(told) if heard.is_new(digit, way, Seconds(now))]
    assert sorted(new) == sorted(digit for digit, _ in keys)


def test_the_same_key_again_is_another_press() -> None:
    heard = DigitFilter()
    assert all(heard.is_new("1", "rfc4733", Seconds(now)) for now in (0.0, 0.2, 0.4))
    assert heard.is_new("1", "info", Seconds(9.0))


def test_a_key_said_in_three_ways_is_heard_once() -> None:
    heard = DigitFilter()
    ways = ("rfc4733", "inband", "info")
    assert [heard.is_new("5", way, Seconds(1.0)) for way in ways] == [True, False, False]
    assert [heard.is_new("5", way, Seconds(1.2)) for way in reversed(ways)] == [True, False, False]
    assert heard.is_new("5", "info", Seconds(4.0))


@pytest.mark.parametrize("ways", [(), "", "outofband", ("inband", "info")])
def test_a_way_of_sending_that_there_is_not(ways: tuple[str, ...] | str) -> None:
    with pytest.raises(UsageError, match=r"send_dtmf_type: .* is not inband, outband or both"):
        DtmfOptions(send_dtmf_type=ways)


def test_ways_of_sending() -> None:
    assert (DtmfOptions().inband, DtmfOptions().outband) == (True, True)
    only = DtmfOptions(send_dtmf_type="OUTBAND")
    assert (only.inband, only.outband) == (False, True)
