"""Who calls, as the network says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.identity import CallerInfo, Diverted, Identity, identity
from appliance.sip.events import HeaderPairs

VERDICT = "X-Plivo-Stir-Verification"


def test_nothing_is_said() -> None:
    assert identity((("From", "<sip:+49301234@sip.test>;tag=1"),)) == Identity()


@pytest.mark.parametrize(
    ("headers", "uri", "name"),
    [
        (
            (("P-Asserted-Identity", '"Front, door" <sip:201@sip.test>, <tel:+4930201>'),),
            "sip:201@sip.test",
            "Front, door",
        ),
        ((("Remote-Party-ID", '"Door" <sip:201@sip.test>;party=calling;screen=yes'),), "sip:201@sip.test", "Door"),
        (
            (("Remote-Party-ID", "<sip:1@sip.test>"), ("p-asserted-identity", "<sip:2@sip.test>")),
            "sip:2@sip.test",
            "",
        ),
    ],
)
def test_the_asserted_identity(headers: HeaderPairs, uri: str, name: str) -> None:
    found = identity(headers)
    assert (found.asserted_uri, found.asserted_name) == (uri, name)


def test_diversions() -> None:
    diversion = (
        ("Diversion", "<sip:300@sip.test>;reason=no-answer;counter=1, <sip:200@sip.test>;reason=user-busy"),
        ("Diversion", '"Desk" <sip:100@sip.test>'),
    )
    assert identity(diversion).diverted == (
        Diverted(uri="sip:300@sip.test", reason="no-answer"),
        Diverted(uri="sip:200@sip.test", reason="user-busy"),
        Diverted(uri="sip:100@sip.test"),
    )
    history = (
        ("History-Info", "<sip:100@sip.test?Reason=SIP%3Bcause%3D302>;index=1, <sip:200@sip.test>;index=1.1;rc=1"),
        ("History-Info", "<sip:300@sip.test>;index=1.1.1"),
    )
    assert identity(history).diverted == (
        Diverted(uri="sip:200@sip.test"),
        Diverted(uri="sip:100@sip.test", reason="SIP;cause=302"),
    )
    assert identity((*history, *diversion)).diverted[0].uri == "sip:300@sip.test"


@pytest.mark.parametrize(
    ("headers", "verified"),
    [
        (((VERDICT, "Verified"),), True),
        (((VERDICT, "TN-Validation-Passed-A"),), True),
        (((VERDICT, "TN-Validation-Passed-B"),), False),
        (((VERDICT, "Not Verified"),), False),
        (((VERDICT, "TN-Validation-Failed"),), False),
        (((VERDICT, "Not_applicable"),), None),
        (((VERDICT, ""),), None),
        ((("P-Asserted-Identity", "<sip:+1202@sip.test;verstat=TN-Validation-Passed-A>"),), True),
        ((("P-Asserted-Identity", "<sip:+1202;verstat=TN-Validation-Passed@sip.test>"),), False),
        (
            (
                ("P-Asserted-Identity", "<tel:+1202;verstat=TN-Validation-Passed>"),
                ("P-Attestation-Indicator", "A"),
            ),
            True,
        ),
        (
            (
                ("From", "<sip:+1202;verstat=TN-Validation-Passed@sip.test;user=phone>;tag=1"),
                ("P-Attestation-Indicator", "C"),
            ),
            False,
        ),
        ((("From", "<sip:+1202;verstat=No-TN-Validation@sip.test>;tag=1"),), None),
    ],
)
def test_verification(headers: HeaderPairs, verified: bool | None) -> None:
    info = identity(headers).caller_info
    assert (None if info is None else info.verified) is verified
    assert info is None or isinstance(info, CallerInfo)


NAMES = st.sampled_from(
    ("From", "P-Asserted-Identity", "Remote-Party-ID", "Diversion", "History-Info", VERDICT, "P-Attestation-Indicator")
)


@pytest.mark.fuzz
@given(st.lists(st.tuples(NAMES, st.text(alphabet='<>;,"\\=?@:%abA1. ', max_size=60)), max_size=8))
def test_whatever_comes_is_read(headers: list[tuple[str, str]]) -> None:
    assert isinstance(identity(tuple(headers)), Identity)
