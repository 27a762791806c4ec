"""What media can be set to."""

import pytest

from appliance.errors import UsageError
from appliance.media.settings import MediaSettings


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError) as problem:
        MediaSettings(codecs=("opus", "speex"), ptime=25, max_average_bitrate=96_000)
    assert str(problem.value) == (
        "codecs: 'speex' is not opus, G722, PCMU or PCMA; ptime: 25 is not 10, 20, 40 or 60; "
        "max_average_bitrate: 96000 is outside 8000-48000"
    )
    for codecs in ((), ("PCMU", "PCMU")):
        with pytest.raises(UsageError, match="names none, or one twice"):
            MediaSettings(codecs=codecs)


def test_the_limits_themselves_are_allowed() -> None:
    for bitrate in (8_000, 48_000):
        assert MediaSettings(max_average_bitrate=bitrate, codecs=("PCMA", "opus")).ptime == 20
