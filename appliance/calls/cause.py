"""Why a call or a login ended, in the words of the call API."""

from enum import StrEnum
from typing import Final

from appliance.errors import UsageError
from appliance.sip.events import Reason


class Cause(StrEnum):
    """The words an application compares with. Those of the browser SDKs, so that nobody learns new ones."""

    BUSY = "Busy"
    REJECTED = "Rejected"
    REDIRECTED = "Redirected"
    UNAVAILABLE = "Unavailable"
    NOT_FOUND = "Not Found"
    ADDRESS_INCOMPLETE = "Address Incomplete"
    INCOMPATIBLE_SDP = "Incompatible SDP"
    MISSING_SDP = "Missing SDP"
    BAD_MEDIA_DESCRIPTION = "Bad Media Description"
    AUTHENTICATION_ERROR = "Authentication Error"
    NO_ANSWER = "No Answer"
    CANCELED = "Canceled"
    REPLACED = "Replaced"
    """Another call has taken its place."""
    TERMINATED = "Terminated"
    """An answered call was ended by a BYE."""
    REQUEST_TIMEOUT = "Request Timeout"
    """Nobody answered on the SIP level."""
    CONNECTION_ERROR = "Connection Error"
    WRONG_CLOCK = "Wrong Clock"
    """This unit's time of day is not set: what the registrar shows, or the token, is not valid yet."""
    NO_ACK = "No ACK"
    DIALOG_ERROR = "Dialog Error"
    """The far end no longer knows the call (481)."""
    RTP_TIMEOUT = "RTP Timeout"
    """The media path was lost and did not come back."""
    WEBRTC_ERROR = "WebRTC Error"
    """The media path could not be opened."""
    INTERNAL_ERROR = "Internal Error"
    """Something in this unit: the log has it."""
    SIP_FAILURE_CODE = "SIP Failure Code"
    """Any other refusal; the status tells."""
    INVALID_ACCESS_TOKEN = "INVALID_ACCESS_TOKEN"
    INVALID_ACCESS_TOKEN_HEADER = "INVALID_ACCESS_TOKEN_HEADER"
    INVALID_ACCESS_TOKEN_ISSUER = "INVALID_ACCESS_TOKEN_ISSUER"
    INVALID_ACCESS_TOKEN_SUBJECT = "INVALID_ACCESS_TOKEN_SUBJECT"
    ACCESS_TOKEN_NOT_VALID_YET = "ACCESS_TOKEN_NOT_VALID_YET"
    ACCESS_TOKEN_EXPIRED = "ACCESS_TOKEN_EXPIRED"
    INVALID_ACCESS_TOKEN_SIGNATURE = "INVALID_ACCESS_TOKEN_SIGNATURE"
    INVALID_ACCESS_TOKEN_GRANTS = "INVALID_ACCESS_TOKEN_GRANTS"
    EXPIRATION_EXCEEDS_MAX_ALLOWED_TIME = "EXPIRATION_EXCEEDS_MAX_ALLOWED_TIME"
    MAX_ALLOWED_LOGIN_REACHED = "MAX_ALLOWED_LOGIN_REACHED"
    UNAUTHORISED = "Unauthorised"
    """The registrar refused the access token for another reason."""
    RELOGIN_FAILED_INVALID_TOKEN = "RELOGIN_FAILED_INVALID_TOKEN"
    """The access token could not be renewed, or its successor was refused."""


_BY_TOKEN_CODE: Final = dict(
    enumerate(
        (
            Cause.INVALID_ACCESS_TOKEN,
            Cause.INVALID_ACCESS_TOKEN_HEADER,
            Cause.INVALID_ACCESS_TOKEN_ISSUER,
            Cause.INVALID_ACCESS_TOKEN_SUBJECT,
            Cause.ACCESS_TOKEN_NOT_VALID_YET,
            Cause.ACCESS_TOKEN_EXPIRED,
            Cause.INVALID_ACCESS_TOKEN_SIGNATURE,
            Cause.INVALID_ACCESS_TOKEN_GRANTS,
            Cause.EXPIRATION_EXCEEDS_MAX_ALLOWED_TIME,
            Cause.MAX_ALLOWED_LOGIN_REACHED,
        ),
        start=10_001,
    )
)
_BY_STATUS: Final = {
    status: cause
    for cause, statuses in (
        (Cause.BUSY, (486, 600)),
        (Cause.REJECTED, (403, 603)),
        (Cause.REDIRECTED, (300, 301, 302, 305, 380)),
        (Cause.UNAVAILABLE, (480, 410, 408, 430)),
        (Cause.NOT_FOUND, (404, 604)),
        (Cause.ADDRESS_INCOMPLETE, (484, 424)),
        (Cause.INCOMPATIBLE_SDP, (488, 606)),
        (Cause.AUTHENTICATION_ERROR, (401, 407)),
        (Cause.CANCELED, (487,)),
    )
    for status in statuses
}


def call_failure(status: int, *, local: bool = False) -> Cause:
    """Why a call was not answered. `local` when no response came and the status is the user agent's own."""
    if local:
        return {408: Cause.REQUEST_TIMEOUT, 503: Cause.CONNECTION_ERROR}.get(status, _by_status(status))
    return _by_status(status)


def call_end(status: int) -> Cause:
    """Why an answered call is over: 0 is a BYE, else why the user agent gave it up."""
    return {
        0: Cause.TERMINATED,
        408: Cause.REQUEST_TIMEOUT,
        481: Cause.DIALOG_ERROR,
        503: Cause.CONNECTION_ERROR,
    }.get(status, _by_status(status))


def login_failure(status: int) -> Cause:
    """Why a registration was refused. 0 is no answer at all; 403 and 404 speak of who asks (RFC 3261 §10.3)."""
    if status in (401, 403, 404, 407):
        return Cause.AUTHENTICATION_ERROR
    if status in (0, 503):
        return Cause.CONNECTION_ERROR
    return Cause.REQUEST_TIMEOUT if status == 408 else _by_status(status)


def token_failure(code: str | None) -> Cause | None:
    """What is wrong with an access token, by the number the registrar gives; None if it gives none."""
    if code is None:
        return None
    number = code.strip()
    return _BY_TOKEN_CODE.get(int(number) if number.isascii() and number.isdigit() else 0, Cause.UNAUTHORISED)


def error_string(code: int) -> Cause:
    """The word for a number: 10001 to 10010 are about access tokens, 300 to 699 are SIP statuses. Else `UsageError`."""
    if code in _BY_TOKEN_CODE:
        return _BY_TOKEN_CODE[code]
    if 300 <= code <= 699:
        return _by_status(code)
    raise UsageError(f"code {code!r}: 10001 to 10010 and 300 to 699 have a word")


def elsewhere(reason: Reason | None) -> bool:
    """Another phone of the same user took the call (RFC 3326 §3.1: SIP;cause=200)."""
    return reason is not None and reason.protocol.upper() == "SIP" and reason.code == 200


def _by_status(status: int) -> Cause:
    return _BY_STATUS.get(status, Cause.SIP_FAILURE_CODE)
