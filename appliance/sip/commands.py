"""What the owner may put into a request: checked where it is handed over, so that nothing can be smuggled in."""

import re

from sipmessage import URI
from sipmessage.message import COMPACT_FORMS

from appliance.errors import UsageError
from appliance.sip.events import HeaderPairs

_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NUMBER = re.compile(r"[A-Za-z0-9+*\-_.!~'()]+")
_OURS = frozenset(
    (
        *("via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route"),
        *("content-length", "content-type", "authorization", "proxy-authorization"),
        *("user-agent", "allow", "supported", "require", "session-expires", "min-se", "rseq", "rack"),
    )
)
_NUMBERS = frozenset(("expires", "min-expires"))
_DIGITS = re.compile(r"[0-9]{1,10}")
_METHOD = re.compile(r"[A-Z]+")
_STATEFUL = frozenset(("INVITE", "ACK", "CANCEL", "BYE", "REGISTER", "UPDATE", "PRACK"))


def check_headers(headers: HeaderPairs) -> HeaderPairs:
    """`headers`, if they can stand in a message and are not the core's own.

    Raises:
        UsageError: a name is no token or reserved, or a value has control characters.
    """
    for name, value in headers:
        if _NAME.fullmatch(name) is None:
            raise UsageError(f"header name {name!r} is not a token")
        if name.lower() in _OURS or name.lower() in COMPACT_FORMS:
            raise UsageError(f"header {name} is set by the user agent itself, or a compact form")
        check_text(value, f"the value of header {name}")
        if name.lower() in _NUMBERS and _DIGITS.fullmatch(value) is None:
            raise UsageError(f"header {name}: {value!r} is no number of seconds")
    return headers


def check_text(text: str, what: str) -> str:
    """`text`, if it fits into one line of UTF-8; raises UsageError."""
    if _UNFIT.search(text):
        raise UsageError(f"{what} has control characters or lone surrogates")
    return text


def check_target(target: str, domain: str) -> str:
    """The URI for `target`: a SIP URI, or a number or name of `domain`.

    Raises:
        UsageError: it is neither.
    """
    uri = f"sip:{target}@{domain}" if _NUMBER.fullmatch(target) else target
    try:
        URI.parse(uri)
    except ValueError as error:
        raise UsageError(f"{target!r} is neither a SIP URI nor a number") from error
    return check_text(uri, repr(target))


def check_status(status: int, lowest: int, highest: int) -> int:
    """`status`, if it lies in the range; raises UsageError."""
    if not lowest <= status <= highest:
        raise UsageError(f"status {status}: {lowest} to {highest} is allowed")
    return status


def check_method(method: str) -> str:
    """`method`, if a request of its own can have it; raises UsageError."""
    if _METHOD.fullmatch(method) is None or method in _STATEFUL:
        raise UsageError(f"method {method!r}: INFO, MESSAGE, OPTIONS, REFER and the like, in capitals")
    return method
