"""Calls that are written down: what is read back, what is refused, and who else may look."""

import contextlib
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.call_info import Direction
from appliance.calls.call_record import CallRecord
from appliance.calls.call_store import CallStore
from appliance.errors import UsageError
from appliance.sip.dialog_snapshot import DialogSnapshot

DIALOG = DialogSnapshot(
    call_id="call-id-of-it",
    local="<sip:bob@sip.test>",
    local_tag="our-tag",
    remote='"Alice" <sip:alice@sip.test>',
    remote_tag="their-tag",
    target="sip:alice@a.invalid;transport=ws",
    route_set=("<sip:proxy.test;lr>",),
    local_sequence=3,
    remote_sequence=7,
    methods=("BYE", "INVITE"),
    began_here=False,
)
RECORD = CallRecord(
    account="bob@sip.test",
    direction=Direction.INCOMING,
    uuid="a/../uuid",
    src="sip:alice@sip.test",
    dest="sip:bob@sip.test",
    caller_name="Alice",
    sip_call_id="call-id-of-it",
    extra_headers={"X-PH-Door": "front"},
    answered=1_764_000_000.0,
    muted=True,
    dialog=DIALOG,
    description="v=0\r\ns=-\r\n",
)


RECORDS = st.builds(
    replace,
    st.just(RECORD),
    direction=st.sampled_from(Direction),
    uuid=st.text(),
    caller_name=st.text(),
    muted=st.booleans(),
    held=st.booleans(),
    answered=st.floats(0.0, 1e10),
)


@given(RECORDS)
def test_what_is_written_is_read(record: CallRecord) -> None:
    assert CallRecord.of_text(record.to_text()) == record
    assert record.facts.uuid == record.uuid


WORDS = json.loads(RECORD.to_text())


@pytest.mark.fuzz
@given(
    st.text()
    | st.dictionaries(
        st.sampled_from(sorted(WORDS)), st.none() | st.integers() | st.text() | st.lists(st.integers())
    ).map(lambda change: json.dumps({**WORDS, **change}))
)
def test_anything_else_is_refused_as_such(text: str) -> None:
    with contextlib.suppress(UsageError):
        CallRecord.of_text(text)


def test_secrets_are_not_shown() -> None:
    shown = repr(RECORD)
    assert not [secret for secret in ("call-id-of-it", "our-tag", "their-tag", "v=0") if secret in shown]


def test_a_folder_belongs_to_one_run_and_its_files_to_one_user(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "calls"
    store = CallStore.open(folder)
    assert store is not None
    assert CallStore.open(folder) is None, "another run has it"
    name = store.new_name()
    store.write(name, RECORD)
    store.write(name, replace(RECORD, muted=False))
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, "lock"])
    store.close()
    again = CallStore.open(folder)
    assert again is not None
    (left,) = again.take()
    assert left.record == replace(RECORD, muted=False)
    assert -1.0 < left.age < 60.0
    assert again.take() == [], "each once"
    again.close()


def test_what_others_could_have_written_is_not_believed(tmp_path: Path) -> None:
    store = CallStore.open(tmp_path)
    assert store is not None
    for name, text, mode in (
        ("open.call", RECORD.to_text(), 0o644),
        ("damaged.call", RECORD.to_text()[:-9], 0o600),
        ("long.call", " " * 300_000, 0o600),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    (tmp_path / "linked.call").symlink_to(tmp_path / "open.call")
    store.write("good.call", RECORD)
    os.utime(tmp_path / "good.call", (0.0, 0.0))
    (left,) = store.take()
    assert left.age > 1e9
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    store.close()


def test_a_folder_that_cannot_be_used_keeps_nothing_from_going_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert CallStore.open(tmp_path / "file" / "calls") is None
    store = CallStore.open(tmp_path / "calls")
    assert store is not None
    (tmp_path / "calls" / "lock").unlink()
    (tmp_path / "calls").rmdir()
    store.write("gone.call", RECORD)
    store.touch("gone.call")
    store.remove("gone.call")
    store.close()
