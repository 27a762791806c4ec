"""`intercom call` and `intercom answer` do what a script says, or what is typed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.calls.events import DtmfReceived, IncomingCall
from appliance.calls.service_events import MessageReceived
from appliance.sim.registrar import Registrar
from tests.flows.commands import account, finish, intercom, line, start
from tests.flows.phones import Phone

WORD = "three small birds"
USERS = {"alice": WORD, "bob": "builder", "carol": "song"}


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(USERS) as there:
        yield there


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(WORD + "\n")
    return file


def written(folder: Path, name: str, *steps: str) -> str:
    script = folder / name
    script.write_text("\n".join(steps) + "\n")
    return str(script)


async def test_a_whole_desk_from_a_script(registrar: Registrar, password: Path, tmp_path: Path) -> None:
    """Hold, enquiry, conference, message, digits, transfer: each is heard of by a phone that is called."""
    where = {"registrars": registrar.url, "domain": registrar.domain}
    async with Phone(tmp_path, "bob", 1000.0, **where) as bob, Phone(tmp_path, "carol", 700.0, **where) as carol:
        for phone in (bob, carol):
            await phone.login()
        script = written(
            tmp_path,
            "desk",
            "# the first call is the one that --to made",
            "hold",
            "call carol",
            "wait call_answered",
            "conference",
            'message {"to": "carol"}',
            "dtmf 12",
            "sleep 1",
            "hold 1",
            "transfer to 1",
            "wait transferred",
            "feedback 4 ECHO,AUDIO_LAG a little, at first",
        )

        async def answering() -> None:
            for phone in (bob, carol):
                await phone.told(IncomingCall, seconds=45.0)  # the program has to start first
                assert await phone.client.answer()

        answers = asyncio.ensure_future(answering())
        result = await intercom("call", *account(registrar, password), "--to", "bob", "--script", script, "--json")
        await answers
        assert result.code == 0, result
        assert result.errors == ""
        wanted = {"hold_changed", "conference_changed", "message_sent", "transferred", "feedback_submitted", "summary"}
        assert wanted <= set(result.names)
        assert [event.message.content for event in carol.all(MessageReceived)] == ['{"to": "carol"}']
        assert [event.digit for event in carol.all(DtmfReceived)] == ["1", "2"]
        assert [call.answered for call in (*bob.client.calls, *carol.client.calls)] == [True, True]


async def test_what_is_typed(registrar: Registrar, password: Path, tmp_path: Path) -> None:
    where = {"registrars": registrar.url, "domain": registrar.domain}
    async with Phone(tmp_path, "bob", 1000.0, **where) as bob, Phone(tmp_path, "carol", 700.0, **where) as carol:
        for phone in (bob, carol):
            await phone.login()
        process = await start("answer", *account(registrar, password), "--script", "-", "--json")
        await line(process, '"login"')
        call = await bob.client.call("alice")
        await line(process, '"incoming_call"')
        assert process.stdin is not None
        process.stdin.write(b"tranfer x\nredirect carol refer\n")
        assert await (await carol.rung()).answer()
        assert await call.wait_answered()
        result = await finish(process)
        assert result.code == 0, result
        assert "did you mean transfer" in result.errors
        assert result.names[-1] == "summary"


async def test_the_unit_answers_whom_it_may(registrar: Registrar, password: Path, tmp_path: Path) -> None:
    where = {"registrars": registrar.url, "domain": registrar.domain}
    async with Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await bob.login()
        allowed = f"sip:bob@{registrar.domain}"
        process = await start("answer", *account(registrar, password), "--auto-answer", allowed, "--json")
        await line(process, '"login"')
        call = await bob.client.call("alice")
        assert await call.wait_answered()
        call.hang_up()
        result = await finish(process)
        assert result.code == 0, result
        assert "auto_answered" in result.names


async def test_a_script_that_can_not_be_done(registrar: Registrar, password: Path, tmp_path: Path) -> None:
    for steps, sentence in (("dance", "is not a step"), ("hold 1\nwait nothing", "is not an event")):
        script = written(tmp_path, "wrong", steps)
        result = await intercom("call", *account(registrar, password), "--to", "bob", "--script", script)
        assert (result.code, result.output) == (2, "")
        assert sentence in result.errors
    helped = await intercom("call", "--help")
    assert "transfer to N" in helped.output
