import pytest

from appliance.quality.tracking import Tracking, effective


@pytest.mark.parametrize(
    ("enabled", "quality", "result"),
    [
        (True, "all", Tracking.ALL),
        (False, "all", Tracking.NONE),
        (True, "none", Tracking.NONE),
        (False, "remoteonly", Tracking.REMOTE_ONLY),
        (True, "LocalOnly", Tracking.LOCAL_ONLY),
        (False, "localonly", Tracking.LOCAL_ONLY),
    ],
)
def test_the_second_option_overrides_the_first_unless_it_is_at_its_default(
    enabled: bool, quality: str, result: Tracking
) -> None:
    assert effective(enable_tracking=enabled, enable_quality_tracking=quality) is result


def test_who_is_told() -> None:
    assert [(each.local, each.remote) for each in Tracking] == [
        (True, True),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match="sometimes"):
        effective(enable_tracking=True, enable_quality_tracking="sometimes")
