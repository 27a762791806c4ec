"""What is on the disk: after a start, a power cut at any moment, damage, and while the disk is full."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from appliance.mqtt.outbox import Limits
from appliance.mqtt.publication import Kind, Publication
from tests.support.recorded_disk import Content, RecordedDisk, Sync, power_cuts
from tests.support.small_disk import small_disk
from tests.unit.mqtt.start import Start, number_of


def event(number: int, *, lasting: bool = False, size: int = 0) -> Publication:
    payload = b"%d" % number + b" " * size
    return Publication(topic="event/x", payload=payload, qos=1, retain=False, lasting=lasting)


def test_what_was_not_delivered_comes_first_after_the_next_start(tmp_path: Path) -> None:
    with Start(tmp_path) as first:
        first.mailbox.put([event(number, lasting=number % 3 == 0) for number in range(10)])
        assert first.delivered(4) == [0, 1, 2, 3]
        sending = first.mailbox.take(10)
        assert sending is not None, "in flight, and never acknowledged"
    with Start(tmp_path) as second:
        second.mailbox.put([event(10)])
        assert second.delivered() == [4, 5, 6, 7, 8, 9, 10]
    with Start(tmp_path) as third:
        assert third.delivered() == []


def test_what_the_broker_takes_at_once_costs_the_card_nothing(tmp_path: Path) -> None:
    with RecordedDisk() as disk, Start(tmp_path) as start:
        start.mailbox.put([event(0, lasting=True)])
        assert start.synced() == ""
        before = len(disk.steps)
        for number in range(1, 500):
            start.mailbox.put([event(number)])
            start.delivered()
        assert len(disk.steps) == before


def test_a_lasting_event_takes_its_predecessors_along_in_order(tmp_path: Path) -> None:
    with Start(tmp_path) as start:
        start.mailbox.put([event(1), event(2), event(3, lasting=True), event(4)])
        assert start.synced() == ""
    with Start(tmp_path) as next_start:
        assert next_start.delivered() == [1, 2, 3, 4]


def test_commands_and_notes_are_known_again(tmp_path: Path) -> None:
    with Start(tmp_path) as start:
        for number in range(1_200):
            start.store.remember(f"c-{number}", float(number))
        start.store.note("place", "lobby/door-1")
        start.store.note("place", "lobby/door-2")
    with Start(tmp_path) as next_start:
        assert next_start.kept.notes == {"place": "lobby/door-2"}
        assert len(next_start.kept.commands) == 1_000
        assert next_start.kept.commands["c-1199"] == 1199.0
        assert "c-199" not in next_start.kept.commands, "the oldest are forgotten"


def scenario(folder: Path, disk: RecordedDisk) -> None:
    """Everything an outbox does to its disk; each promise is noted as soon as it is given."""
    promised: dict[str, Any] = {"events": (), "forgotten": frozenset(), "commands": frozenset(), "made": 0}

    def promise(**more: Any) -> None:
        promised.update(more)
        disk.note(dict(promised))

    made = 0
    for _ in range(2):
        with Start(folder) as start:
            promise(made=1_000)
            for _ in range(4):
                batch = [event(made + index, lasting=index == 2, size=700) for index in range(3)]
                made += 3
                start.mailbox.put(batch)
                start.store.remember(f"c-{made}", float(made))
                assert start.synced() == ""
                events = (*promised["events"], *map(number_of, batch))
                promise(events=events, commands=promised["commands"] | {f"c-{made}"})
                # What is taken may be gone or not from here on, but what is kept stays in order.
                promise(forgotten=promised["forgotten"] | set(promised["events"][: made // 3]))
                taken = [number for number in start.delivered(1) if number not in promised["forgotten"]]
                assert not taken
                assert start.synced() == ""


def remains(content: Content, folder: Path) -> tuple[list[int], set[str], bool]:
    """What a start finds: events, commands, and whether the file was damaged."""
    for stale in folder.iterdir():
        stale.unlink()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    with Start(folder) as start:
        found = start.delivered()
        return found, set(start.kept.commands), (folder / "outbox.damaged").exists()


def check_every_cut(recording: RecordedDisk, folder: Path, *, syncs: bool = True) -> int:
    """Look at everything that a power cut may leave; how much that was."""
    count = 0
    for count, cut in enumerate(power_cuts(recording.steps, syncs=syncs), start=1):  # noqa: B007 -- the number of them
        found, commands, damaged = remains(cut.content, folder)
        promised = cut.promised or {"events": (), "forgotten": frozenset(), "commands": frozenset()}
        missing = set(promised["events"]) - promised["forgotten"] - set(found)
        assert not missing, f"acknowledged and missing: {sorted(missing)}"
        assert promised["commands"] <= commands, "a command could be done again"
        assert found == sorted(set(found)), "order"
        assert not damaged
    return count


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> RecordedDisk:
    with RecordedDisk() as disk:
        scenario(tmp_path_factory.mktemp("recorded"), disk)
    return disk


def test_nothing_acknowledged_is_missing_whenever_the_power_is_cut(recording: RecordedDisk, tmp_path: Path) -> None:
    assert check_every_cut(recording, tmp_path) > 200


def test_without_the_syncs_something_acknowledged_is_missing(recording: RecordedDisk, tmp_path: Path) -> None:
    """The same check has teeth: the same writes on a disk that was never told to keep them."""
    assert sum(isinstance(step, Sync) for step in recording.steps) > 10
    with pytest.raises(AssertionError, match="acknowledged and missing"):
        check_every_cut(recording, tmp_path, syncs=False)


def test_a_damaged_file_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "outbox.db").write_bytes(b"this is no database, whatever its name says" * 200)
    with Start(tmp_path) as start:
        start.mailbox.put([event(1, lasting=True)])
        assert start.synced() == ""
    assert (tmp_path / "outbox.damaged").exists()
    assert "is damaged" in caplog.text
    with Start(tmp_path) as start:
        assert start.delivered() == [1]


def test_a_full_disk_is_survived_and_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        with Start(disk.folder) as start:
            start.mailbox.put([event(1, lasting=True)])
            assert start.synced() == ""
            disk.fill()
            start.mailbox.put([event(number, lasting=True, size=4_000) for number in range(2, 300)])
            assert "full" in start.synced()
            assert "full" in start.store.problem
            assert start.delivered(100) == list(range(1, 101)), "in memory everything goes on"
            disk.free()
            assert start.synced() == ""
            assert start.store.problem == ""
        with Start(disk.folder) as start:
            assert start.delivered() == list(range(101, 300))


def test_a_disk_that_is_full_at_the_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        disk.fill()
        with Start(disk.folder) as start:
            start.mailbox.put([event(1, lasting=True)])
            assert "full" in start.synced()
            assert start.delivered() == [1]


def test_a_file_that_another_service_has_is_left_alone(tmp_path: Path) -> None:
    with Start(tmp_path), Start(tmp_path) as second:
        assert "database is locked" in second.synced()
        assert "database is locked" in second.store.problem
        second.mailbox.put([event(1, lasting=True)])
        assert second.delivered() == [1], "the broker gets it nevertheless"


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Start(tmp_path / "file") as start:
        assert "file" in start.synced()


def test_what_is_too_much_goes_from_the_disk_too(tmp_path: Path) -> None:
    limits = Limits(events=5)
    with Start(tmp_path, limits=limits) as start:
        start.mailbox.put([event(number, lasting=number in {0, 1, 2}) for number in range(20)])
        assert start.synced() == ""
        assert (start.mailbox.dropped.events, start.mailbox.dropped.audit) == (15, 0)
    with Start(tmp_path, limits=limits) as start:
        assert start.delivered() == [0, 1, 2, 18, 19]
    database = sqlite3.connect(tmp_path / "outbox.db")
    assert database.execute("SELECT count(*) FROM events").fetchone() == (0,)
    database.close()


def test_only_events_are_kept(tmp_path: Path) -> None:
    with Start(tmp_path) as start:
        state = Publication(topic="state/x", payload=b"1", qos=1, retain=True)
        metric = Publication(topic="quality/x", payload=b"2", qos=0, retain=False)
        answer = Publication(topic="resp/x", payload=b"3", qos=1, retain=False, answer=True)
        assert [one.kind for one in (state, metric, answer)] == [Kind.STATE, Kind.METRIC, Kind.ANSWER]
        start.mailbox.put([state, metric, answer, event(4)])
    with Start(tmp_path) as start:
        assert start.delivered() == [4]
