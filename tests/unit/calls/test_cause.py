import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.cause import Cause, call_end, call_failure, elsewhere, login_failure
from appliance.sip.events import Reason


@pytest.mark.parametrize(
    ("statuses", "cause"),
    [
        ((486, 600), "Busy"),
        ((403, 603), "Rejected"),
        ((300, 301, 302, 305, 380), "Redirected"),
        ((480, 410, 408, 430), "Unavailable"),
        ((404, 604), "Not Found"),
        ((484, 424), "Address Incomplete"),
        ((488, 606), "Incompatible SDP"),
        ((401, 407), "Authentication Error"),
        ((400, 500, 503, 699), "SIP Failure Code"),
    ],
)
def test_a_final_response_has_the_word_of_the_documents(statuses: tuple[int, ...], cause: str) -> None:
    for status in statuses:
        assert call_failure(status) == cause


def test_nobody_answering_differs_from_a_far_end_that_said_so() -> None:
    assert call_failure(408, local=True) is Cause.REQUEST_TIMEOUT
    assert call_failure(408) is Cause.UNAVAILABLE
    assert call_failure(503, local=True) is Cause.CONNECTION_ERROR
    assert call_failure(503) is Cause.SIP_FAILURE_CODE


@pytest.mark.parametrize(
    ("status", "cause"),
    [(0, Cause.TERMINATED), (408, Cause.REQUEST_TIMEOUT), (481, Cause.DIALOG_ERROR), (503, Cause.CONNECTION_ERROR)],
)
def test_why_an_answered_call_is_over(status: int, cause: Cause) -> None:
    assert call_end(status) is cause


@pytest.mark.parametrize("status", [401, 403, 404, 407])
def test_a_login_that_is_refused_is_about_credentials(status: int) -> None:
    assert login_failure(status) is Cause.AUTHENTICATION_ERROR


@given(st.integers(0, 999), st.booleans())
def test_every_status_has_a_word(status: int, local: bool) -> None:
    assert call_failure(status, local=local)
    assert call_end(status)
    assert login_failure(status)


def test_completed_elsewhere_is_told_by_the_reason_header() -> None:
    assert elsewhere(Reason(protocol="SIP", code=200, text="Call completed elsewhere"))
    assert elsewhere(Reason(protocol="sip", code=200, text=""))
    assert not elsewhere(Reason(protocol="Q.850", code=200, text=""))
    assert not elsewhere(Reason(protocol="SIP", code=487, text=""))
    assert not elsewhere(None)
