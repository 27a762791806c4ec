import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.message_summary import MessageSummary


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        (
            b"Messages-Waiting: yes\r\nMessage-Account: sip:bob@sip.test\r\nVoice-Message: 2/8 (1/3)\r\n",
            MessageSummary(waiting=True, account="sip:bob@sip.test", new=2, old=8, urgent_new=1, urgent_old=3),
        ),
        (b"messages-waiting: YES\nvoice-message: 4/0\n", MessageSummary(waiting=True, new=4)),
        (b"Messages-Waiting: no\r\nVoice-Message: 0/5\r\n", MessageSummary(waiting=False, old=5)),
        (b"Messages-Waiting: yes\r\nVoice-Message: many\r\n", MessageSummary(waiting=True)),
        (b"Messages-Waiting: no\r\nFax-Message: 1/0\r\n", MessageSummary(waiting=False)),
        (b"Messages-Waiting: perhaps\r\n", None),
        (b"Voice-Message: 1/0\r\n", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_what_a_body_says(body: bytes, summary: MessageSummary | None) -> None:
    assert MessageSummary.parse(body) == summary


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(body: bytes) -> None:
    MessageSummary.parse(body)
    MessageSummary.parse(b"Messages-Waiting: yes\r\nVoice-Message: " + body)
