"""What should be on its way."""

import pytest

from appliance.media.description import MediaDirection
from appliance.media.description_text import parse
from appliance.media.flow import Flow
from appliance.media.negotiation import Negotiated, answer, negotiated
from tests.unit.media.peer_descriptions import CHROMIUM_OFFER
from tests.unit.media.test_negotiation import LOCAL


def agreed(theirs: str = "sendrecv", ours: MediaDirection = MediaDirection.SENDRECV) -> Negotiated:
    remote = parse(CHROMIUM_OFFER.replace("a=sendrecv", f"a={theirs}"))
    return negotiated(answer(remote, LOCAL, direction=ours), remote, max_average_bitrate=24_000)


@pytest.mark.parametrize(
    ("theirs", "held", "sends", "receives"),
    [
        ("sendrecv", False, True, True),
        ("sendrecv", True, False, False),
        ("sendonly", False, False, False),
        ("inactive", False, False, False),
        ("recvonly", False, True, False),
    ],
)
def test_nothing_is_expected_that_somebody_holds(theirs: str, held: bool, sends: bool, receives: bool) -> None:
    flow = Flow.of(agreed(theirs), connected=True, held=held, discontinuous=False)
    assert (flow.connected, flow.sends, flow.receives) == (True, sends, receives)


def test_pauses_are_opus_s_and_of_our_wish_or_the_peers() -> None:
    wanted = CHROMIUM_OFFER.replace("useinbandfec=1", "useinbandfec=1;usedtx=1")
    remote = parse(wanted)
    theirs = negotiated(answer(remote, LOCAL), remote, max_average_bitrate=24_000)
    assert Flow.of(theirs, connected=True, held=False, discontinuous=False).discontinuous
    assert Flow.of(agreed(), connected=True, held=False, discontinuous=True).discontinuous
    assert not Flow.of(agreed(), connected=True, held=False, discontinuous=False).discontinuous


def test_before_an_agreement_nothing_is_expected() -> None:
    assert Flow.of(None, connected=False, held=False, discontinuous=True) == Flow()
