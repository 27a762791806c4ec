from dataclasses import dataclass

import pytest

from appliance.calls.table import MAX_RINGING, CallTable
from appliance.errors import StateError, UnknownCall


@dataclass(eq=False)
class Entry:
    uuid: str
    waiting: bool = False
    held: bool = False
    former: str = ""

    def named(self, uuid: str) -> bool:
        return uuid in (self.uuid, self.former)


def table(*entries: Entry, taken: tuple[Entry, ...] = ()) -> CallTable[Entry]:
    made: CallTable[Entry] = CallTable()
    for entry in (*entries, *taken):
        made.add(entry)
    for entry in taken:
        made.take(entry)
    return made


def test_the_latest_that_was_taken_and_is_not_held_is_current() -> None:
    first, second, rings = Entry("first"), Entry("second"), Entry("rings", waiting=True)
    calls = table(rings, taken=(first, second))
    current = [calls.current]
    second.held = True
    current.append(calls.current)
    first.held = True
    current.append(calls.current)
    calls.remove(second)
    current.append(calls.current)
    assert calls.last_uuid == "second"
    calls.remove(first)
    current.append(calls.current)
    assert current == [second, first, second, first, None]
    assert calls.incoming == (rings,)


def test_a_call_is_found_by_both_of_its_names() -> None:
    call = Entry("theirs", former="ours")
    calls = table(call)
    assert calls.find("ours") is calls.find("theirs") is call
    assert calls.find("") is calls.find("other") is None


def test_the_latest_caller_comes_first_and_an_unknown_one_never() -> None:
    calls = table(Entry("a", waiting=True), Entry("b", waiting=True))
    assert calls.waiting(None).uuid == "b"
    assert calls.waiting("a").uuid == "a"
    with pytest.raises(UnknownCall):
        calls.waiting("c")
    with pytest.raises(StateError):
        table().waiting(None)


def test_what_keeps_from_calling() -> None:
    assert table().obstacle() == ""
    assert "in progress" in table(taken=(Entry("a"),)).obstacle()
    assert table(taken=(Entry("a", held=True),)).obstacle() == ""
    assert "ringing" in table(Entry("b", waiting=True), taken=(Entry("a", held=True),)).obstacle()


def test_when_a_caller_may_ring() -> None:
    assert table().may_ring(multiple=False)
    assert not table(taken=(Entry("a", held=True),)).may_ring(multiple=False)
    assert table(taken=(Entry("a"),)).may_ring(multiple=True)
    full = table(*(Entry(str(number), waiting=True) for number in range(MAX_RINGING)))
    assert not full.may_ring(multiple=True)


def test_a_held_call_waits_for_the_active_one() -> None:
    held, active = Entry("held", held=True), Entry("active")
    calls = table(taken=(held, active))
    assert "active" in calls.others_active(held)
    active.held = True
    assert calls.others_active(held) == ""


def test_removing_what_is_not_there_changes_nothing() -> None:
    calls = table(Entry("a"))
    calls.remove(Entry("b"))
    assert calls.last_uuid == ""
    assert len(calls.calls) == 1
