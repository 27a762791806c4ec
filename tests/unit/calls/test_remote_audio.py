import pytest

from appliance.calls.remote_audio import heard


@pytest.mark.parametrize(
    ("body", "audible"),
    [
        (b"remote-audio", True),
        (b" No-Remote-Audio\r\n", False),
        (b"", None),
        (b"Signal=5", None),
        (b"remote-audio remote-audio", None),
        (b"\xff\xfe", None),
    ],
)
def test_only_its_two_words_are_understood(body: bytes, audible: bool | None) -> None:
    assert heard(body) is audible
