"""Access tokens for tests: signed with a key that nobody checks here."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any


def part(value: object) -> str:
    """One part of a token."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def access_token(header: object = None, *, lasts: float = 3600.0, starts: float = -10.0, **claims: Any) -> str:
    """A token of the subject `alice` and the issuer `MAHQ`; a claim that is given as None is left out."""
    now = time.time()
    said = {"iss": "MAHQ", "sub": "alice", "nbf": int(now + starts), "exp": int(now + lasts), **claims}
    kept = {name: value for name, value in said.items() if value is not None}
    head = f"{part({'alg': 'HS256', 'typ': 'JWT'} if header is None else header)}.{part(kept)}"
    return f"{head}.{part(hmac.digest(b'a key', head.encode(), hashlib.sha256))}"


def grants(*, incoming: object = True, outgoing: object = True) -> dict[str, Any]:
    """The claim `per` with what it allows."""
    return {"voice": {"incoming_allow": incoming, "outgoing_allow": outgoing}}
