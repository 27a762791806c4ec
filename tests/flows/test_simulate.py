"""`intercom simulate` as a process: every far end, scripts that fail, the broker, the terminal."""

import asyncio
import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.ports import free_port
from tests.support.require import require
from tests.support.tones import hear, loudest, read_wav

pytestmark = pytest.mark.timeout(180)

COMMAND = (sys.executable, "-m", "appliance.cli.main", "simulate")

FAR_ENDS = """\
# Every far end, one after the other.
expect-screen Intercom
lift
expect-screen Dial a number
press 100
wait call_remote_ringing
wait call_answered
wait media_connected
expect-screen In call
sleep 1
hang
wait call_terminated
lift
press 101
wait call_answered
expect-screen In call
sleep 1
hang                          # the melody goes on without us
wait call_terminated
lift
press 102
wait call_failed
expect-screen Busy
hang
lift
press 103
wait call_remote_ringing
expect-screen Ringing
hang
wait call_failed
expect-screen Intercom
"""


SEVERAL = """\
# Hold one, call another, swap, and leave them to each other.
lift
press 100
wait call_answered
expect-screen In call
flash
expect-screen Dial a number
press 101
wait call_answered
expect-screen On hold: 100
flash
expect-screen R: 100
press 2
expect-screen On hold: 101
flash
press 3
expect-screen Conference
hang
wait call_terminated
expect-screen Intercom
press A
expect-screen Do not disturb
push dnd
expect-screen Lift or dial
push hook
expect-screen Dial a number
push hook
expect-screen Lift or dial
"""


@dataclass(frozen=True)
class Result:
    code: int
    output: str
    errors: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines()]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]


async def simulate(*arguments: str, seconds: float = 90.0) -> Result:
    require("mosquitto", package="mosquitto")
    process = await asyncio.create_subprocess_exec(*COMMAND, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return Result(process.returncode or 0, output.decode(), errors.decode())


def script(folder: Path, text: str) -> str:
    file = folder / "script.txt"
    file.write_text(text)
    return str(file)


async def test_without_a_terminal_a_call_is_made_and_heard() -> None:
    result = await simulate()
    assert result.code == 0, result
    assert result.errors == ""
    summary = result.events[-1]
    assert summary["event"] == "summary"
    assert summary["ok"] is True
    assert summary["heard_seconds"] >= 0.6 * summary["answered_seconds"] > 0.0
    assert summary["quality"]["codec"] == "opus"
    assert summary["quality"]["packets_received"] > 50
    assert len(result.of("sample")) >= 2


async def test_a_script_calls_every_far_end(tmp_path: Path) -> None:
    record = tmp_path / "heard.wav"
    result = await simulate("--script", script(tmp_path, FAR_ENDS), "--json", "--record", str(record))
    assert result.code == 0, result
    assert [event["call"]["dest"][4:7] for event in result.of("calling")] == ["100", "101", "102", "103"]
    assert [event["call"]["dest"][4:7] for event in result.of("call_answered")] == ["100", "101"]
    assert [event["cause"] for event in result.of("call_failed")] == ["Busy", "Canceled"]
    samples, rate = read_wav(record)
    assert 0.05 < hear(samples, 1000.0, rate=rate).share < 0.5
    # The middle C, with which the melody begins; no tone of a telephone has it.
    assert loudest(samples, 261.63, rate=rate) > 0.02


async def test_a_script_holds_swaps_and_joins(tmp_path: Path) -> None:
    result = await simulate("--script", script(tmp_path, SEVERAL), "--json")
    assert result.code == 0, result
    assert len(result.of("call_terminated")) == 2


async def test_a_script_in_words(tmp_path: Path) -> None:
    result = await simulate("--script", script(tmp_path, "lift\npress 102\nwait call_failed\nhang\n"))
    assert result.code == 0, result
    lines = result.output.splitlines()
    assert any("call_failed" in line and "Busy (486)" in line for line in lines)
    assert "summary" in lines[-1]


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("lift\nexpect-screen Wrong\n", "script.txt:2", "it did not appear in 5 s; the screen shows: "),
        ("# comment\n\nlift\nwait call_answered 1\n", "script.txt:4", "it did not happen in 1 s; the screen shows: "),
    ],
)
async def test_a_step_that_does_not_come_true(tmp_path: Path, text: str, place: str, reason: str) -> None:
    result = await simulate("--script", script(tmp_path, text), "--json")
    assert result.code == 1
    assert place in result.errors
    assert reason in result.errors
    assert "Dial a number" in result.errors
    assert result.events[-1]["ok"] is False
    assert place in result.events[-1]["problem"]


async def test_a_script_with_errors_is_not_begun(tmp_path: Path) -> None:
    result = await simulate("--script", script(tmp_path, "lfit\npress 9x\nwait answered\nsleep long\nhang up\n"))
    assert result.code == 2
    assert result.output == ""
    for number, advice in enumerate(
        ("did you mean lift?", "allowed are the keys", "call_answered", "seconds", "'up'"), 1
    ):
        line = next(line for line in result.errors.splitlines() if f"script.txt:{number}:" in line)
        assert advice in line, line


async def test_the_events_are_on_the_private_broker(tmp_path: Path) -> None:
    port = free_port()
    seen: list[tuple[str, dict[str, Any], bool]] = []

    def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
        seen.append((message.topic.split("/", 4)[-1], json.loads(message.payload), message.retain))

    steps = script(tmp_path, "lift\npress 100\nwait call_answered\nsleep 2\nhang\nwait call_terminated\n")
    running = asyncio.create_task(simulate("--script", steps, "--json", "--broker-port", str(port)))
    reader = Client(CallbackAPIVersion.VERSION2)
    reader.on_message = on_message
    for _ in range(1000):
        with contextlib.suppress(OSError):
            reader.connect("127.0.0.1", port)
            break
        await asyncio.sleep(0.02)
    reader.subscribe("intercom/#", qos=1)
    reader.loop_start()
    result = await running
    reader.loop_stop()
    assert result.code == 0, result
    assert result.of("simulation")[0]["broker"] == f"mqtt://127.0.0.1:{port}"
    printed = [event["event"] for event in result.events if event["event"] not in {"simulation", "sample", "summary"}]
    published = [topic.removeprefix("event/") for topic, _, _ in seen if topic.startswith("event/")]
    wanted = [name for name in printed if name.startswith("call")]
    assert "call_terminated" in wanted
    assert [name for name in published if name.startswith("call")] == [*wanted, "call_record"]
    assert published[-2:] == ["connection_change", "logout"]
    states = [payload["state"] for topic, payload, _ in seen if topic == "status"]
    assert states[0] == "online"
    assert states[-1] == "offline"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    file = script(tmp_path, "lift\npress 100\nwait call_answered\nsleep 60\n")
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--script", file, "--json", stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while b"media_connected" not in await process.stdout.readline():
            pass
        process.send_signal(number)
        output, errors = await process.communicate()
    assert process.returncode == 1
    assert b"call_terminated" in output
    assert b"interrupted" in errors


def test_in_a_terminal_a_person_calls_and_hangs_up() -> None:
    """A pseudo-terminal of 140 by 50: keys go in, pictures come out."""
    require("mosquitto", package="mosquitto")
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "rows", "50", "cols", "140"], stdin=theirs, check=True)
    process = subprocess.Popen([*COMMAND, "--silent"], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.set_blocking(ours, False)
    seen = ""

    def until(text: str, *, seconds: float = 40.0) -> None:
        nonlocal seen
        deadline = time.monotonic() + seconds
        while text not in seen:
            assert time.monotonic() < deadline, f"{text!r} was not drawn; the end is {seen[-2000:]!r}"
            with contextlib.suppress(BlockingIOError):
                seen += os.read(ours, 65536).decode(errors="replace")
            time.sleep(0.02)

    try:
        until("login ")
        until("Call 100 to hear yourself")
        os.write(ours, b"l")
        until("LIFTED")
        os.write(ours, b"100")
        until("call_answered")
        until("media_connected")
        os.write(ours, b"l")
        until("call_terminated")
        os.write(ours, b"q")
        assert process.wait(15) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
