"""Signs of life, by a clock that is turned by hand."""

import pytest

from appliance.errors import UsageError
from appliance.sip.core import Core
from appliance.sip.endpoint import CoreSettings
from appliance.sip.liveness import PING, PONG
from appliance.sip.message import Request, respond
from appliance.sip.settings import LivenessSettings, Question
from tests.unit.sip.bench import Bench, read, tokens

USUAL = LivenessSettings()
SILENT = "the registrar has fallen silent"


class Watched(Bench):
    """A core that watches its registrar, and what it asks."""

    def __init__(self, liveness: LivenessSettings = USUAL) -> None:
        super().__init__(connected=False)
        self.core = Core(CoreSettings(domain="sip.test", user="alice"), token=tokens("alice"), liveness=liveness)
        self.core.connected(self.now, url="wss://sip.test/ws")
        self.events()
        self.options: list[Request] = []

    @property
    def verdict(self) -> str:
        return self.core.liveness.verdict

    def asked(self) -> set[str]:
        """What has been asked since the last look."""
        found = {"websocket"} if self.core.liveness.take_ping() else set()
        for data in self.core.to_send():
            if data == PING:
                found.add("crlf")
            else:
                request = read(data)
                assert isinstance(request, Request)
                assert (request.method, request.uri) == ("OPTIONS", "sip:sip.test")
                self.options.append(request)
                found.add("options")
        return found

    def answer_options(self, status: int = 200) -> None:
        self.give(respond(self.options[-1], status, tag="r"))


def test_quiet_is_asked_about_and_silence_is_death() -> None:
    bench = Watched()
    bench.advance(1.9)
    assert bench.asked() == set()
    bench.advance(0.1)
    assert bench.asked() == {"websocket", "crlf", "options"}
    bench.advance(2.4)
    assert (bench.verdict, bench.asked()) == ("", set())
    bench.advance(0.1)
    assert bench.verdict == SILENT
    deadline = bench.core.deadline()
    assert deadline is None or deadline > bench.now, "it does not spin"
    bench.core.disconnected(bench.verdict, bench.now)
    assert bench.verdict == ""
    bench.advance(60)
    assert bench.asked() == set(), "there is nobody to ask"


def test_death_is_seen_within_five_seconds_whenever_it_comes() -> None:
    for tenths in range(60):
        bench = Watched()
        died = bench.now + tenths / 10
        while not bench.verdict:
            bench.advance(0.1)
            if "websocket" in bench.asked() and bench.now <= died:
                bench.core.liveness.ponged(bench.now)
                bench.give(PONG)
        assert bench.now - died < 5.0


def test_a_slow_registrar_lives() -> None:
    bench = Watched()
    for _ in range(20):
        while not (asked := bench.asked()):
            bench.advance(0.1)
        bench.advance(2.4)
        bench.core.liveness.ponged(bench.now)
        if "options" in asked:
            bench.answer_options()
        assert bench.verdict == ""


@pytest.mark.parametrize("status", [200, 401, 404, 483, 503])
def test_any_final_response_is_a_sign_of_life(status: int) -> None:
    bench = Watched(LivenessSettings(questions=(Question.OPTIONS,)))
    for _ in range(5):
        bench.advance(2.0)
        assert bench.asked() == {"options"}
        bench.answer_options(status)
        assert bench.events() == []
        bench.advance(1.9)
        assert bench.asked() == set()
        bench.advance(0.1)
        assert bench.asked() == {"options"}
        bench.answer_options(status)
    bench.advance(2.0)
    bench.asked()
    bench.advance(2.5)
    assert bench.verdict == SILENT


def test_who_answers_line_ends_is_spared_options() -> None:
    bench = Watched()
    bench.advance(2.0)
    assert "options" in bench.asked()
    bench.give(PONG)
    bench.advance(2.0)
    assert bench.asked() == {"websocket", "crlf"}
    bench.core.liveness.ponged(bench.now)
    bench.advance(2.5)
    assert bench.verdict == "the registrar no longer answers keepalives"


def test_who_never_answered_options_is_not_dead_of_that() -> None:
    bench = Watched()
    bench.advance(2.0)
    assert bench.asked() == {"websocket", "crlf", "options"}
    bench.core.liveness.ponged(bench.now)
    bench.advance(2.5)
    assert (bench.verdict, bench.core.is_idle) == ("", True)
    for _ in range(5):
        bench.advance(2.0)
        assert bench.asked() == {"websocket"}
        bench.core.liveness.ponged(bench.now)
    bench.core.disconnected("gone", bench.now)
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    bench.advance(2.0)
    assert bench.asked() == {"websocket", "crlf", "options"}, "another registrar may answer them"


def test_a_wedged_sip_part_behind_a_living_websocket() -> None:
    bench = Watched()
    bench.advance(2.0)
    bench.asked()
    bench.answer_options()
    bench.advance(2.0)
    bench.asked()
    bench.core.liveness.ponged(bench.now)
    bench.advance(2.5)
    assert bench.verdict == "the registrar no longer answers OPTIONS"


def test_who_talks_is_not_asked() -> None:
    bench = Watched()
    for _ in range(10):
        bench.advance(1.5)
        bench.give(PING)
        assert bench.core.to_send() == [PONG]
    assert bench.asked() == set()


def test_who_slept_asks_again_before_judging() -> None:
    bench = Watched()
    bench.advance(2.0)
    bench.asked()
    bench.clock.advance(3600.0)
    bench.core.timer(bench.now)
    assert (bench.verdict, bench.asked()) == ("", {"websocket", "crlf", "options"})
    bench.advance(2.5)
    assert bench.verdict == SILENT


def test_asked_at_once_when_there_is_doubt() -> None:
    bench = Watched(LivenessSettings(interval=0.0))
    bench.advance(600)
    assert bench.asked() == set()
    bench.core.liveness.ask(bench.now)
    assert bench.asked() == {"websocket", "crlf", "options"}
    bench.core.liveness.ask(bench.now)
    assert bench.asked() == set(), "an answer is being waited for"
    bench.advance(2.5)
    assert bench.verdict == SILENT


@pytest.mark.parametrize("wrong", [{"interval": -1.0}, {"patience": 0.0}, {"questions": ()}])
def test_settings_that_make_no_sense(wrong: dict[str, object]) -> None:
    make: type = LivenessSettings
    with pytest.raises(UsageError):
        make(**wrong)
