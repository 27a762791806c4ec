import pytest

from appliance.calls.auto_answer import AutoAnswer, Wish, wish_of
from appliance.errors import UsageError
from appliance.units import Seconds

DOOR = AutoAnswer(callers=("door", "sip:lift@Other.test"))


@pytest.mark.parametrize(
    ("name", "value", "wish"),
    [
        ("Answer-Mode", "Auto", Wish("answer-mode")),
        ("answer-mode", "auto ; require", Wish("answer-mode", required=True)),
        ("Priv-Answer-Mode", "Auto", Wish("answer-mode")),
        ("Answer-Mode", "Manual", Wish("answer-mode", automatic=False)),
        ("Answer-Mode", "Sometimes", None),
        ("Call-Info", "<sip:x>;answer-after=0", Wish("call-info")),
        ("Call-Info", "<http://a/b.png>;purpose=icon, <sip:x>; answer-after=2", Wish("call-info", delay=Seconds(2.0))),
        ("Call-Info", "<sip:x>;answer-after=999", Wish("call-info", delay=Seconds(30.0))),
        ("Call-Info", "<sip:x>;answer-after=soon", None),
        ("Call-Info", "<sip:x>;purpose=info", None),
        ("Alert-Info", "<http://www.notused.com>;info=alert-autoanswer;delay=0", Wish("alert-info")),
        ("Alert-Info", "info=alert-autoanswer;delay=3", Wish("alert-info", delay=Seconds(3.0))),
        ("Alert-Info", "Auto Answer", Wish("alert-info")),
        ("Alert-Info", "<sip:x>;info=Ring-Answer", Wish("alert-info")),
        ("Alert-Info", "<http://a/ring.wav>", None),
        ("X-Other", "Auto", None),
    ],
)
def test_what_an_invite_asks_for(name: str, value: str, wish: Wish | None) -> None:
    assert wish_of(((name, value),)) == wish


def test_the_standard_comes_first() -> None:
    headers = (("Alert-Info", "info=alert-autoanswer"), ("Answer-Mode", "Manual"))
    assert wish_of(headers) == Wish("answer-mode", automatic=False)


@pytest.mark.parametrize(
    ("caller", "permitted"),
    [
        ("sip:door@sip.test", True),
        ("sips:door@SIP.test:5061;transport=ws", True),
        ("sip:lift@other.test", True),
        ("sip:door@evil.test", False),
        ("sip:indoor@sip.test", False),
        ("sip:Door@sip.test", False),
        ("sip:sip.test", False),
        ("", False),
    ],
)
def test_who_may(caller: str, permitted: bool) -> None:
    assert DOOR.permits(caller, "sip.test") is permitted
    asked = DOOR.decide(Wish("call-info"), caller, "sip.test")
    assert (asked is not None) is permitted


def test_nobody_may_at_first() -> None:
    assert AutoAnswer().decide(Wish("answer-mode"), "sip:door@sip.test", "sip.test") is None
    assert AutoAnswer(always=True).decide(None, "sip:door@sip.test", "sip.test") is None


def test_by_policy() -> None:
    policy = AutoAnswer(callers=("door",), always=True, delay=Seconds(2.0))
    assert policy.decide(None, "sip:door@sip.test", "sip.test") == Wish("policy", delay=Seconds(2.0))
    assert DOOR.decide(None, "sip:door@sip.test", "sip.test") is None
    manual = Wish("answer-mode", automatic=False)
    assert policy.decide(manual, "sip:door@sip.test", "sip.test") is None
    later = Wish("call-info", delay=Seconds(5.0))
    assert policy.decide(later, "sip:door@sip.test", "sip.test") == later


def test_settings_that_can_not_work() -> None:
    for delay in (-1.0, 31.0):
        with pytest.raises(UsageError, match="0 to 30"):
            AutoAnswer(delay=Seconds(delay))
    for callers in ("", ("door", ""), ("a\r\nb",)):
        with pytest.raises(UsageError, match="users or SIP URIs"):
            AutoAnswer(callers=callers)
    assert AutoAnswer(callers="door").permits("sip:door@sip.test", "sip.test")
