"""Feedback on its way: to the event, and to a real HTTPS address."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.calls.call_info import CallInfo, CallState
from appliance.calls.feedback_desk import FeedbackDesk
from appliance.calls.https_post import TRIES
from appliance.calls.log_tail import MAX_LINE, MAX_LINES, LogTail
from appliance.calls.quality_events import FeedbackSubmitted
from appliance.calls.settings import ClientSettings
from appliance.errors import StateError, TransportError, UnknownCall, UsageError
from appliance.quality.feedback import rated, scored
from appliance.quality.summary import QualitySummary
from tests.support.client_events import SUMMARY, call
from tests.support.https_inbox import HttpsInbox, https_inbox


@dataclass
class Called:
    """A call that somebody may judge."""

    info: CallInfo
    summary: QualitySummary = SUMMARY
    former: str = ""

    def named(self, uuid: str) -> bool:
        return uuid in (self.info.call_uuid, self.former)


class Bench:
    """A desk, and what it told."""

    def __init__(self, url: str = "", trusted: Path | None = None) -> None:
        self.told: list[FeedbackSubmitted] = []
        self.calls: list[Called] = []
        settings = ClientSettings(
            registrars="ws://localhost",
            feedback_url=url,
            feedback_ca_file=None if trusted is None else str(trusted),
        )
        self.desk = FeedbackDesk(settings, lambda: self.calls, self.told.append)
        self.desk.ended(Called(call(CallState.ENDED, uuid="past")), "former")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HttpsInbox, Path]]:
    with https_inbox(tmp_path_factory.mktemp("inbox")) as (inbox, trusted):
        yield inbox, trusted


@pytest.fixture
def inbox(address: tuple[HttpsInbox, Path]) -> HttpsInbox:
    address[0].posted.clear()
    address[0].answers.clear()
    return address[0]


@pytest.fixture
def bench(inbox: HttpsInbox, address: tuple[HttpsInbox, Path]) -> Bench:
    return Bench(inbox.url, address[1])


async def test_calls_that_are_there_and_that_were_can_be_judged_by_each_of_their_names() -> None:
    bench = Bench()
    bench.calls.append(Called(call(CallState.ANSWERED, uuid="present")))
    for uuid in ("present", "past", "former"):
        await bench.desk.submit(uuid, rated(5))
    assert [event.call.call_uuid for event in bench.told] == ["present", "past", "past"]
    assert bench.desk.latest() == "past"


async def test_a_call_that_was_never_there_raises_and_tells_nothing(bench: Bench, inbox: HttpsInbox) -> None:
    with pytest.raises(UnknownCall, match="nobody"):
        await bench.desk.submit("nobody", rated(5))
    for nonsense in ("", None, 7):
        with pytest.raises(UsageError, match="call_uuid"):
            await bench.desk.submit(nonsense, rated(5))
    assert (bench.told, inbox.posted) == ([], [])


def test_before_the_first_call_there_is_no_latest() -> None:
    desk = FeedbackDesk(ClientSettings(registrars="ws://localhost"), lambda: (), lambda _: None)
    with pytest.raises(StateError):
        desk.latest()


async def test_memory_of_the_past_is_limited() -> None:
    bench = Bench()
    for number in range(60):
        bench.desk.ended(Called(call(CallState.ENDED, uuid=f"call-{number}")), "")
    await bench.desk.submit("call-59", rated(5))
    with pytest.raises(UnknownCall):
        await bench.desk.submit("past", rated(5))


async def test_what_is_posted(bench: Bench, inbox: HttpsInbox) -> None:
    await bench.desk.submit("past", rated(2, ["ECHO"], "in a cave"))
    await bench.desk.submit("past", scored())
    (path, first), (_, second) = inbox.posted
    assert path == "/feedback?unit=1"
    assert (first["call_uuid"], first["score"], first["issues"], first["note"]) == ("past", 2, ["ECHO"], "in a cave")
    assert first["quality"]["mean_mos"] == SUMMARY.mean_mos
    assert "log" not in first
    assert "201@" not in str(first), "no numbers of people"
    assert (second["score"], second["issues"]) == (None, [])


async def test_the_log_goes_with_it_only_if_its_user_says_so_and_without_secrets(
    bench: Bench, inbox: HttpsInbox
) -> None:
    log = logging.getLogger("appliance.test")
    with bench.desk.listening():
        log.warning("the password=hunter2 was refused")
        await bench.desk.submit("past", rated(5))
        await bench.desk.submit("past", rated(5, logs=True))
    log.warning("after the end")
    await bench.desk.submit("past", rated(5, logs=True))
    without, with_log, later = (document for _, document in inbox.posted)
    assert "log" not in without
    assert "the password=******** was refused" in with_log["log"][-1]
    assert "hunter2" not in str(with_log)
    assert later["log"] == with_log["log"]


async def test_an_address_that_is_busy_is_asked_again(bench: Bench, inbox: HttpsInbox) -> None:
    inbox.answers += [503, 429]
    await bench.desk.submit("past", rated(5))
    assert len(inbox.posted) == 3


@pytest.mark.parametrize(("answer", "tries"), [(500, TRIES), (403, 1), (302, 1)])
async def test_an_address_that_refuses_is_reported_and_the_event_told_all_the_same(
    bench: Bench, inbox: HttpsInbox, answer: int, tries: int
) -> None:
    inbox.answers += [answer] * 9
    with pytest.raises(TransportError, match=f"localhost answered {answer}"):
        await bench.desk.submit("past", rated(5))
    assert len(inbox.posted) == tries
    assert len(bench.told) == 1


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(inbox: HttpsInbox) -> None:
    bench = Bench(inbox.url)
    with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
        await bench.desk.submit("past", rated(5))
    assert inbox.posted == []


def test_the_tail_is_short() -> None:
    tail = LogTail()
    log = logging.getLogger("appliance.test")
    with tail.attached():
        for number in range(MAX_LINES + 5):
            log.error("%d %s", number, "x" * 2_000)
    assert len(tail.lines) == MAX_LINES
    assert max(map(len, tail.lines)) == MAX_LINE
    assert f" {MAX_LINES + 4} " in tail.lines[-1]
