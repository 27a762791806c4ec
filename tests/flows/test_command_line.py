"""The commands as technicians and tests run them: processes of their own, against the embedded registrar."""

import asyncio
import contextlib
import json
import os
import shlex
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.sim.far_end import FarEnd
from appliance.sim.registrar import Registrar
from appliance.units import Seconds
from tests.flows.commands import account, eventually, finish, intercom, line, start, wav
from tests.support.ports import free_port
from tests.support.tones import digits, hear, read_wav, sine

pytestmark = pytest.mark.timeout(180)

DOMAIN = "127.0.0.1"
WORD = "the word of all"
USERS = dict.fromkeys(("alice", "bob", "100", "101", "102", "103"), WORD)


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(USERS, domain=DOMAIN) as running:
        yield running


@pytest.fixture
async def far_ends(registrar: Registrar) -> AsyncIterator[dict[str, FarEnd]]:
    async with contextlib.AsyncExitStack() as stack:
        yield {
            user: await stack.enter_async_context(
                FarEnd(registrar.url, user, WORD, behaviour, domain=DOMAIN, ringing=Seconds(0.1))
            )
            for user, behaviour in (("100", "echo"), ("101", "speak"), ("102", "busy"), ("103", "silent"))
        }


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{WORD}\n")
    file.chmod(0o600)
    return file


async def test_a_call_is_made_heard_and_summed_up(
    registrar: Registrar, far_ends: dict[str, FarEnd], password: Path, tmp_path: Path
) -> None:
    play, record = wav(tmp_path / "in.wav", sine(1000.0, 10.0)), tmp_path / "out.wav"
    sound = ("--play", str(play), "--record", str(record))
    result = await intercom(
        "call",
        *account(registrar, password),
        "--to",
        "100",
        *sound,
        "--seconds",
        "3",
        "--header",
        "X-PH-Floor=3",
        "--json",
    )
    assert result.code == 0, result
    assert result.errors == ""
    order = ["login", "calling", "call_remote_ringing", "call_answered", "media_connected", "sample", "call_terminated"]
    assert [name for name in dict.fromkeys(result.names) if name in order] == order
    assert result.names[-1] == "summary"
    summary = result.events[-1]
    assert summary["ok"] is True
    assert summary["cause"] == "Terminated"
    assert summary["quality"]["packets_received"] > 50
    assert summary["call"]["extra_headers"] == {"X-PH-Floor": "3"}
    assert 2.5 < summary["duration"] < 10.0
    samples, rate = read_wav(record)
    heard = hear(samples[rate : 3 * rate], 1000.0, rate=rate)
    assert heard.share >= 0.8, heard
    assert WORD not in result.output


async def test_the_same_call_in_words(registrar: Registrar, far_ends: dict[str, FarEnd], password: Path) -> None:
    to = f"sip:101@{DOMAIN}"
    result = await intercom("call", *account(registrar, password), "--to", to, "--seconds", "1")
    assert result.code == 0, result
    lines = result.output.splitlines()
    assert any("call_answered" in text and to in text for text in lines)
    assert "summary" in lines[-1]
    assert "ok: Terminated after" in lines[-1]
    assert "MOS" in lines[-1]


FAILURES = [("102", "Busy", 486), ("nobody", "Not Found", 404), ("bob", "Unavailable", 480)]


@pytest.mark.parametrize(("to", "cause", "status"), FAILURES)
@pytest.mark.usefixtures("far_ends")
async def test_a_call_that_fails_says_why(
    registrar: Registrar, password: Path, to: str, cause: str, status: int
) -> None:
    result = await intercom("call", *account(registrar, password), "--to", to, "--json")
    assert result.code == 1
    assert (result.events[-1]["cause"], result.events[-1]["status"]) == (cause, status)
    assert f"the call failed: {cause} ({status})" in result.errors


async def test_interrupted_while_it_rings(registrar: Registrar, far_ends: dict[str, FarEnd], password: Path) -> None:
    process = await start("call", *account(registrar, password), "--to", "103", "--json")
    await line(process, "call_remote_ringing")
    process.send_signal(signal.SIGINT)
    result = await finish(process)
    assert result.code == 1
    assert result.events[-1]["cause"] == "Canceled"
    await eventually(lambda: not far_ends["103"].client.incoming_calls)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted_in_the_call(
    registrar: Registrar, far_ends: dict[str, FarEnd], password: Path, number: signal.Signals
) -> None:
    process = await start("call", *account(registrar, password), "--to", "100", "--json")
    await line(process, "call_answered")
    process.send_signal(number)
    result = await finish(process, seconds=10.0)
    assert result.code == 0
    assert result.events[-1]["ended_by"] == "call_terminated"
    assert registrar.bindings("alice") == ()


@pytest.mark.usefixtures("far_ends")
async def test_nobody_reads_the_output_any_more(registrar: Registrar, password: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "appliance.cli.main", "call", *account(registrar, password), "--to", "100", "--json"]
    # As in `intercom call … | head -10`, whose status is that of `intercom`.
    shell = f"set -o pipefail; {shlex.join(words)} 2>{tmp_path}/errors | head -n 10"
    process = await asyncio.create_subprocess_exec("bash", "-c", shell, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    result = await finish(process)
    assert result.code == 0, (tmp_path / "errors").read_text()
    assert len(result.events) == 10
    assert (tmp_path / "errors").read_text() == ""
    await eventually(lambda: registrar.bindings("alice") == ())


async def test_two_commands_call_each_other(registrar: Registrar, password: Path, tmp_path: Path) -> None:
    record = tmp_path / "bob.wav"
    bob = await start(
        "answer",
        *account(registrar, password, "bob"),
        "--record",
        str(record),
        "--seconds",
        "4",
        "--dtmf",
        "7",
        "--json",
    )
    await line(bob, '"login"')
    alice = await intercom(
        "call", *account(registrar, password), "--to", "bob", "--audio", "tone", "--dtmf", "12#", "--json"
    )
    answered = await finish(bob)
    assert (alice.code, answered.code) == (0, 0), (alice, answered)
    assert [event["digit"] for event in alice.events if event["event"] == "dtmf_received"] == ["7"]
    assert [event["digit"] for event in answered.events if event["event"] == "dtmf_received"] == ["1", "2", "#"]
    assert alice.events[-1]["call"]["originator"] == "remote"
    samples, rate = read_wav(record)
    middle = samples[-2 * rate : -rate]
    assert hear(middle, 1000.0, rate=rate).share >= 0.8
    assert not digits(middle, rate=rate)


async def test_answer_rejects_as_told(registrar: Registrar, password: Path) -> None:
    bob = await start("answer", *account(registrar, password, "bob"), "--reject", "--count", "2", "--json")
    await line(bob, '"login"')
    for _ in range(2):
        result = await intercom("call", *account(registrar, password), "--to", "bob", "--json")
        assert result.events[-1]["cause"] == "Busy"
    rejected = await finish(bob)
    assert rejected.code == 0
    assert rejected.names.count("summary") == 2


async def test_answer_ignores_as_told_until_the_caller_gives_up(registrar: Registrar, password: Path) -> None:
    bob = await start("answer", *account(registrar, password, "bob"), "--ignore", "--json")
    await line(bob, '"login"')
    alice = await start("call", *account(registrar, password), "--to", "bob", "--json")
    await line(bob, '"incoming_call_ignored"')
    alice.send_signal(signal.SIGINT)
    caller, ignored = await finish(alice), await finish(bob)
    assert (caller.code, ignored.code) == (1, 0)
    assert caller.events[-1]["cause"] == "Canceled"
    assert ignored.events[-1]["ended_by"] == "incoming_call_ignored"


async def test_the_password_from_standard_input(registrar: Registrar, far_ends: dict[str, FarEnd]) -> None:
    options = ("--registrar", registrar.url, "--user", "alice", "--password-file", "-", "--to", "102", "--json")
    assert (await intercom("call", *options, typed=f"{WORD}\n".encode())).code == 1
    assert (await intercom("call", *options, typed=b"")).code == 2


async def test_login_refused(registrar: Registrar, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-word\n")
    result = await intercom("call", *account(registrar, wrong), "--to", "100", "--json")
    assert result.code == 3
    assert "login failed" in result.errors
    assert result.names[-1] == "login_failed" or "login_failed" in result.names
    assert "not-the-word" not in result.output + result.errors


@pytest.mark.timeout(60)
async def test_no_registrar_there(password: Path) -> None:
    url = f"ws://127.0.0.1:{free_port()}"
    options = ("--registrar", url, "--user", "a", "--password-file", str(password))
    result = await intercom("call", *options, "--to", "100", "--json")
    assert result.code == 4
    assert "network" in result.errors


ACCOUNT = ("--registrar", "ws://x", "--user", "a", "--password-file", "PW")
CALL = ("call", "--to", "1", *ACCOUNT)
BAD = [
    ((), "the following arguments are required: COMMAND"),
    (("cal",), "invalid choice: 'cal'"),
    (("call",), "the following arguments are required: --to, --registrar"),
    ((*CALL, "--registrar", "http://x"), "--registrar 'http://x' can't be used"),
    ((*CALL, "--user", "a b"), "--user 'a b' can't be used"),
    ((*CALL, "--password-file", "no/such"), "no/such: No such file"),
    ((*CALL, "--seconds", "0"), "'0' can't be used"),
    ((*CALL, "--play", "no.wav"), "no.wav: No such file"),
    ((*CALL, "--play", "PW"), "is no WAV file"),
    ((*CALL, "--dtmf", "1x"), "1x"),
    ((*CALL, "--stun", "x"), "--stun 'x' can't be used"),
    ((*CALL, "--header", "x"), "'x' can't be used"),
    ((*CALL, "--record", "no/where.wav"), "there is no folder no"),
    ((*CALL, "--audio", "echo", "--record", "x.wav"), "--record needs --audio wav or tone"),
    ((*CALL, "--audio", "loud"), "invalid choice: 'loud'"),
    (("answer", *ACCOUNT, "--count", "0"), "'0' can't be used"),
    (("answer", *ACCOUNT, "--reject", "--ignore"), "not allowed with"),
    (("simulate", "--script", "no/such"), "no/such: No such file"),
    (("simulate", "--broker-port", "70000"), "'70000' can't be used"),
    (("check-config", "no/such"), "no/such: can't be read"),
    (("run", "--config", "no/such"), "no/such: can't be read"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(words[-2:]) or "none" for words, _ in BAD])
async def test_bad_arguments_get_one_sentence(password: Path, arguments: tuple[str, ...], sentence: str) -> None:
    result = await intercom(*(str(password) if word == "PW" else word for word in arguments))
    assert result.code == 2
    assert result.output == ""
    assert sentence in result.errors
    assert len(result.errors.splitlines()) == 1


async def test_a_bad_header_and_a_bad_number_are_told(registrar: Registrar, password: Path) -> None:
    result = await intercom("call", *account(registrar, password), "--to", "100", "--header", "X-Other=1")
    assert result.code == 2
    assert "X-Other" in result.errors
    result = await intercom("call", *account(registrar, password), "--to", "sip:@@")
    assert result.code == 2


async def test_check_config(tmp_path: Path) -> None:
    file = tmp_path / "unit.toml"
    file.write_text('[line]\nregistrar = ["ws://a"]\nuser = "1"\n[audio]\ndriver = "soundcard"\n')
    result = await intercom("check-config", str(file))
    assert result.code == 2
    assert "did you mean registrars?" in result.errors
    assert "did you mean sound-card?" in result.errors
    assert len(result.errors.splitlines()) == 4
    file.write_text('[line]\nregistrars = ["ws://a"]\nuser = "1"\npassword = "x"\n')
    file.chmod(0o644)
    result = await intercom("check-config", str(file))
    assert result.code == 0
    assert "chmod 600" in result.output
    assert "is good: site/phone, 1@a at ws://a" in result.output


async def test_screens(tmp_path: Path) -> None:
    picture = tmp_path / "screens.png"
    result = await intercom("screens", "--out", str(picture))
    assert result.code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


async def test_version_and_help() -> None:
    assert (await intercom("--version")).output.startswith("intercom ")
    for command in ("call", "answer", "run", "check-config", "simulate", "screens"):
        result = await intercom(command, "--help")
        assert result.code == 0
        assert f"intercom {command}" in result.output


async def test_the_service_registers_says_it_is_ready_and_stops_at_once(registrar: Registrar, tmp_path: Path) -> None:
    file = tmp_path / "unit.toml"
    file.write_text(
        f'[line]\nregistrars = ["{registrar.url}"]\nuser = "alice"\npassword = "{WORD}"\n'
        '[panel]\ndriver = "none"\n[audio]\ndriver = "none"\n[log]\nformat = "json"\n'
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.setblocking(False)
        os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        os.environ["WATCHDOG_USEC"] = "400000"
        try:
            process = await start("run", "--config", str(file))
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            told = await loop.sock_recv(supervisor, 4096)
            while b"READY=1" not in told:
                told = await loop.sock_recv(supervisor, 4096)
            while b"WATCHDOG=1" not in told:
                told = await loop.sock_recv(supervisor, 4096)
        logged = await line(process, "logged in as alice", stream=process.stderr)
        assert json.loads(logged)["level"] == "info"
        assert registrar.bindings("alice")
        before = loop.time()
        process.send_signal(signal.SIGTERM)
        result = await finish(process)
        assert loop.time() - before < 5.0
        assert result.code == 0, result
        assert registrar.bindings("alice") == ()
        async with asyncio.timeout(5):
            while b"STOPPING=1" not in told:
                told = await loop.sock_recv(supervisor, 4096)
    assert "stopping" in {json.loads(entry)["message"] for entry in result.errors.splitlines()}
    assert WORD not in logged + result.errors


async def test_the_service_waits_for_a_registrar_that_is_not_there_yet(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "unit.toml"
    file.write_text(
        f'[line]\nregistrars = ["ws://127.0.0.1:{port}"]\nuser = "alice"\npassword = "{WORD}"\n'
        '[panel]\ndriver = "none"\n[audio]\ndriver = "none"\n'
    )
    process = await start("run", "--config", str(file))
    await asyncio.sleep(2.0)
    async with Registrar(USERS, domain=DOMAIN, port=port) as registrar:
        await eventually(lambda: bool(registrar.bindings("alice")), seconds=60.0)
        process.send_signal(signal.SIGINT)
        assert (await finish(process)).code == 0


async def test_the_service_needs_a_terminal_for_the_terminal_panel(registrar: Registrar, tmp_path: Path) -> None:
    file = tmp_path / "unit.toml"
    file.write_text(f'[line]\nregistrars = ["{registrar.url}"]\nuser = "alice"\npassword = "{WORD}"\n')
    result = await intercom("run", "--config", str(file))
    assert result.code == 2
    assert "terminal" in result.errors
