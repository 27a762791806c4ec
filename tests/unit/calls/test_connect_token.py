import base64
import json
from dataclasses import replace

import pytest

from appliance.calls import connect_token
from appliance.errors import UsageError
from appliance.sip.dialog_snapshot import DialogSnapshot

SNAPSHOT = DialogSnapshot(
    call_id="c@h",
    local="<sip:alice@sip.test>",
    local_tag="ours",
    remote='"Bob" <sip:bob@sip.test>',
    remote_tag="theirs",
    target="sip:bob@sip.test;gr=urn:uuid:1",
)


def written(**values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_there_and_back() -> None:
    pickup = connect_token.decode(connect_token.encode(SNAPSHOT, "uuid-1"))
    assert (pickup.target, pickup.uuid) == ("sip:bob@sip.test;gr=urn:uuid:1", "uuid-1")
    assert pickup.replaces == "c@h;to-tag=theirs;from-tag=ours"
    assert "theirs" not in repr(pickup)


def test_who_has_no_gruu_is_called_by_address() -> None:
    snapshot = replace(SNAPSHOT, target="sip:x@y.invalid;transport=ws")
    assert connect_token.reachable(snapshot) == "sip:bob@sip.test"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "é",
        "!!!!",
        "x" * 5000,
        written(),
        written(v=2, to="sip:a@b", replaces="c;to-tag=a;from-tag=b", call=""),
        written(v=1, to="sip:a@b", call=""),
        written(v=1, to="tel:1", replaces="c;to-tag=a;from-tag=b", call=""),
        written(v=1, to="sip:a@b", replaces="c", call=""),
        base64.urlsafe_b64encode(b"[]").decode(),
    ],
)
def test_what_is_none_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(UsageError, match="connect token") as refused:
        connect_token.decode(token)
    assert not token or token not in str(refused.value)
