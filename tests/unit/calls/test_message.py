import pytest

from appliance.calls.message import Message
from appliance.errors import UsageError

SID = "KX" + "0" * 32


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ({"door": "front", "ö": [1, None]}, "application/json", '{"door":"front","ö":[1,null]}'),
        ('{"a": 1}', "application/json; charset=utf-8", '{"a": 1}'),
        ("not json", "text/plain", "not json"),
        (0, "application/json", "0"),
    ],
)
def test_what_may_be_said(content: object, content_type: str, text: str) -> None:
    message = Message.composed(content, content_type, "door.opened", SID)
    assert (message.content, message.content_type) == (text, content_type)
    assert message.headers == (("X-Message-Type", "door.opened"), ("X-Voice-Event-Sid", SID))


@pytest.mark.parametrize(
    ("content", "content_type", "message_type", "named"),
    [
        (None, "application/json", "x", "content"),
        ("", "text/plain", "x", "empty"),
        ("not json", "application/json", "x", "no JSON"),
        ({1, 2}, "application/json", "x", "no JSON"),
        (float("nan"), "application/json", "x", "no JSON"),
        ({"a": 1}, "text/plain", "x", "text is needed"),
        ("x" * 16_385, "text/plain", "x", "16384 are allowed"),
        ("x", "text", "x", "content_type"),
        ("x", "text/plain\r\nX: y", "x", "content_type"),
        ("x", None, "x", "content_type"),
        ("x", "text/plain", "", "message_type"),
        ("x", "text/plain", "a b", "message_type"),
        ("x", "text/plain", "a\r\nb", "message_type"),
        ("x", "text/plain", "x" * 65, "64 are allowed"),
        ("x", "text/plain", 7, "message_type"),
    ],
)
def test_what_may_not(content: object, content_type: object, message_type: object, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Message.composed(content, content_type, message_type, SID)


def test_there_and_back() -> None:
    message = Message.composed({"a": 1}, "application/json", "t", SID)
    assert Message.received(message.headers, message.content_type, message.content.encode(), "other") == message


def test_one_without_names_gets_them() -> None:
    headers = (("X-Message-Type", "a b"), ("X-Voice-Event-Sid", "no"))
    message = Message.received(headers, "text/plain", b"hi", SID)
    assert message == Message(content="hi", content_type="text/plain", message_type="", voice_event_sid=SID)


@pytest.mark.parametrize(
    ("content_type", "body"), [("text/plain", b""), ("text/plain", b"\xff"), ("", b"x"), ("text/plain", b"x" * 16_385)]
)
def test_what_is_no_message(content_type: str, body: bytes) -> None:
    assert Message.received((), content_type, body, SID) is None
