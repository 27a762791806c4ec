import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UsageError
from appliance.mqtt.topics import Topics

TOPICS = Topics(site="lobby", device="door-1")


def test_the_layout() -> None:
    assert TOPICS.status == "intercom/v1/lobby/door-1/status"
    assert TOPICS.info == "intercom/v1/lobby/door-1/info"
    assert TOPICS.state("call") == "intercom/v1/lobby/door-1/state/call"
    assert TOPICS.event("incoming_call") == "intercom/v1/lobby/door-1/event/incoming_call"
    assert TOPICS.quality("5c1b-11") == "intercom/v1/lobby/door-1/quality/5c1b-11"
    assert Topics(site="a", device="b", prefix="phones").status == "phones/v1/a/b/status"


@pytest.mark.parametrize("bad", ["", "+", "#", "a/b", "$SYS", "a b", "é", "a\0", "x" * 65, "a\n"])
def test_a_name_that_means_something_to_mqtt_is_refused(bad: str) -> None:
    for names in ({"site": bad}, {"device": bad}, {"prefix": bad}):
        with pytest.raises(UsageError, match=next(iter(names))):
            Topics(**{"site": "lobby", "device": "door-1", **names})
    with pytest.raises(UsageError):
        TOPICS.state(bad)
    with pytest.raises(UsageError):
        TOPICS.event(bad)


@given(st.text(max_size=200))
def test_a_peers_call_uuid_stays_one_level(uuid: str) -> None:
    topic = TOPICS.quality(uuid)
    last = topic.removeprefix("intercom/v1/lobby/door-1/quality/")
    assert 0 < len(last) <= 64
    assert last.isascii()
    assert not set(last) & set("/+#$\0 ")
