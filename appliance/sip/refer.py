"""REFER (RFC 3515, Referred-By RFC 3892): whom to call instead, and how that went."""

import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, unquote

from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import NameAddress, uri_parameters
from appliance.sip.message import Request, phrase
from appliance.sip.replaces import REPLACES, Replaces
from appliance.sip.sanity import usable_target

SIPFRAG: Final = "message/sipfrag;version=2.0"
"""What the progress of a REFER is told in (RFC 3420)."""

_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n]*))?")
_METHOD = re.compile(r";method=[^;?]*", re.IGNORECASE)
_UNESCAPED: Final = "[]/?:+$-_.!~*'()"  # RFC 3261 §25.1: hnv-unreserved and mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """Whom to call instead, in place of which dialog, and who says so (a URI, "" if nobody)."""

    target: str
    replaces: Replaces | None = None
    referred_by: str = ""

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """What a REFER asks for; None if it has no single Refer-To that is about an INVITE to a SIP URI."""
        values = request.all("Refer-To")
        uri = NameAddress.parse(values[0]).uri if len(values) == 1 else ""
        target, _, tail = uri.partition("?")
        fields = dict(field.split("=", 1) for field in tail.split("&") if "=" in field)
        named = {unquote(name).lower(): unquote(value) for name, value in fields.items()}
        method = uri_parameters(target).get("method", "INVITE")
        target = _METHOD.sub("", target)  # it has no place in a Request-URI (RFC 3261 §19.1.1)
        replaces = Replaces.parse(named["replaces"]) if "replaces" in named else None
        if not usable_target(target) or method.upper() != "INVITE" or ("replaces" in named and replaces is None):
            return None
        by = NameAddress.parse(request.first("Referred-By") or "").uri
        return cls(target=target, replaces=replaces, referred_by=by if usable_target(by) else "")

    def headers(self) -> HeaderPairs:
        """The headers of the REFER that asks for it."""
        said = "" if self.replaces is None else f"?Replaces={quote(str(self.replaces), safe=_UNESCAPED)}"
        require = f"&Require={REPLACES}" if said else ""
        by: HeaderPairs = (("Referred-By", f"<{self.referred_by}>"),) if self.referred_by else ()
        return (("Refer-To", f"<{self.target}{said}{require}>"), *by)


def sipfrag(status: int, reason: str = "") -> bytes:
    """How far the call has come, as a status line."""
    return f"SIP/2.0 {status} {reason or phrase(status)}\r\n".encode()


def progress(body: bytes) -> tuple[int, str] | None:
    """The status and reason in what a NOTIFY about a REFER brings; None if it has none."""
    found = _STATUS_LINE.match(body[:512].decode(errors="replace").lstrip())
    return (int(found[1]), (found[2] or "").strip()) if found else None
