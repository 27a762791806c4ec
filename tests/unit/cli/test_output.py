import json

from appliance.calls.call_info import CallState
from appliance.calls.events import CallAnswered, CallTerminated, Login, LoginFailed, Sample
from appliance.cli.output import Printer, quality_words
from appliance.clock import ManualClock
from appliance.events import event_name
from appliance.quality.summary import QualitySummary
from tests.support import client_events


def printed(*, as_json: bool) -> tuple[Printer, list[str]]:
    lines: list[str] = []
    return Printer(as_json=as_json, write=lines.append, clock=ManualClock()), lines


def test_each_event_is_one_json_object_with_its_name_and_time() -> None:
    printer, lines = printed(as_json=True)
    for event in client_events.every_event():
        printer.event(event)
    records = [json.loads(line) for line in lines]
    assert [record["event"] for record in records] == [event_name(event) for event in client_events.every_event()]
    assert all(record["time"] == "2026-01-01T00:00:00.000Z" for record in records)
    assert not any("\n" in line for line in lines)


def test_each_event_is_one_line_for_people_but_samples_are_too_many() -> None:
    printer, lines = printed(as_json=False)
    for event in client_events.every_event():
        printer.event(event)
    assert len(lines) == len([event for event in client_events.every_event() if not isinstance(event, Sample)])
    assert not any("<appliance" in line or "CallInfo(" in line for line in lines)


def test_what_the_lines_say() -> None:
    printer, lines = printed(as_json=False)
    printer.event(Login(aor="sip:201@a.test"))
    printer.event(LoginFailed(cause="Authentication Error", status=401, reason="Unauthorized"))
    printer.event(CallAnswered(call=client_events.call(CallState.ANSWERED)))
    printer.event(
        CallTerminated(
            call=client_events.call(CallState.ENDED), cause="Terminated", duration=2.5, summary=client_events.SUMMARY
        )
    )
    assert lines[0].endswith("login                  sip:201@a.test")
    assert lines[1].endswith("Authentication Error: 401 Unauthorized")
    assert lines[2].endswith("sip:100@sip.example.org")
    assert "Terminated after 2.5 s: MOS 4.4, opus, 0.2 % lost, 20 ms concealed" in lines[3]


def test_the_last_line_is_the_last() -> None:
    printer, lines = printed(as_json=True)
    printer.last("summary", {"call": 1}, "")
    printer.event(Login(aor="sip:a@b"))
    assert len(lines) == 1
    printer.last("summary", {"call": 2}, "")
    printer.finish()
    printer.finish()
    assert [json.loads(line).get("call") for line in lines] == [None, 1, 2]


def test_nothing_was_received() -> None:
    assert quality_words(QualitySummary()) == "nothing was received"
