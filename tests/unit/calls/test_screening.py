import pytest

from appliance.calls.screening import Forwarding, Screening, Verdict, diversion
from appliance.calls.service_settings import ServiceSettings
from appliance.errors import UsageError
from appliance.units import Seconds

ALWAYS, BUSY = "sip:mobile@x", "sip:desk@x"


@pytest.mark.parametrize(
    ("screening", "busy", "verdict"),
    [
        (Screening(), False, None),
        (Screening(), True, Verdict("busy", 486)),
        (Screening(do_not_disturb=True), False, Verdict("do_not_disturb", 486)),
        (Screening(do_not_disturb=True, status=480), True, Verdict("do_not_disturb", 480)),
        (Screening(Forwarding(always=ALWAYS)), False, Verdict("forward_always", 302, ALWAYS)),
        (Screening(Forwarding(always=ALWAYS), do_not_disturb=True), False, Verdict("do_not_disturb", 486)),
        (Screening(Forwarding(always=ALWAYS, busy=BUSY)), True, Verdict("forward_always", 302, ALWAYS)),
        (Screening(Forwarding(busy=BUSY)), True, Verdict("forward_busy", 302, BUSY)),
        (Screening(Forwarding(busy=BUSY)), False, None),
        (Screening(Forwarding(no_answer=BUSY)), False, None),
    ],
)
def test_verdict(screening: Screening, busy: bool, verdict: Verdict | None) -> None:
    assert screening.verdict(busy=busy) == verdict


def test_diversion() -> None:
    assert diversion("sip:bob@x", "forward_always") == "<sip:bob@x>;reason=unconditional"
    assert diversion("sip:bob@x", "else") == "<sip:bob@x>;reason=deflection"


@pytest.mark.parametrize("after", [0.5, 181.0])
def test_how_long_it_may_ring(after: float) -> None:
    with pytest.raises(UsageError, match="1 to 180"):
        Forwarding(after=Seconds(after))


def test_settings_that_can_not_work() -> None:
    for change in ({"follow_redirects": 21}, {"transfers": "maybe"}, {"do_not_disturb_status": 603}):
        with pytest.raises(UsageError, match=next(iter(change))):
            ServiceSettings(**change)
