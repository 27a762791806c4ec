"""A call outlives the program that is in it: `intercom` is killed in the middle of a call, and started again."""

import asyncio
import os
import shutil
import stat
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.calls.call import Call
from appliance.calls.events import CallRestored, CallTerminated, IncomingCall, MediaConnected, Reconnected, Reconnecting
from appliance.calls.state import Status
from tests.flows.commands import finish, line, start
from tests.flows.phones import USERS, Phone, exchange
from tests.flows.street import move_in, street
from tests.support.tones import RATE, hear, read_wav

pytestmark = pytest.mark.timeout(180)

OURS, THEIRS = 660.0, 1000.0
CALL, ANSWER = ("call", "--to", "alice"), ("answer",)


@dataclass
class Scene:
    """Alice, who is a phone in this process, and Bob, who is a command; each hears a tone of the other."""

    folder: Path
    alice: Phone
    arguments: tuple[str, ...]
    runs: int = 0
    processes: list[Process] = field(default_factory=list)

    @property
    def kept(self) -> list[Path]:
        """What is written down of Bob's calls."""
        return list((self.folder / "calls").glob("*.call"))

    async def bob(self, *command: str) -> Process:
        """Start Bob, with a recording of its own."""
        self.runs += 1
        sound = ("--audio", "tone", "--hertz", str(int(THEIRS)), "--record", str(self.recording))
        self.processes.append(await start(*command, *self.arguments, *sound))
        return self.processes[-1]

    @property
    def recording(self) -> Path:
        return self.folder / f"bob-{self.runs}.wav"

    async def heard(self) -> tuple[float, float]:
        """How much of each other they hear now, as shares: Alice of Bob, and Bob of Alice."""
        await asyncio.sleep(2.5)  # the length in a file's head may lag by a second
        heard = self.alice.recording()[-RATE:], read_wav(self.recording)[0][-RATE:]
        return hear(heard[0], THEIRS).share, hear(heard[1], OURS).share

    async def close(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                await process.communicate()


def _password_in(folder: Path) -> Path:
    folder.mkdir()
    password = folder / "password"
    password.write_text(f"{USERS['bob']}\n")
    return password


@asynccontextmanager
async def scene(folder: Path, kind: str) -> AsyncIterator[Scene]:
    password = _password_in(folder)
    async with exchange(kind) as place, Phone(folder, "alice", OURS, **place) as alice:
        await alice.login()
        account = ("--registrar", place["registrars"], "--user", "bob", "--domain", place["domain"])
        options = ("--password-file", str(password), "--keep-calls", str(folder / "calls"), "--seconds", "60", "--json")
        stage = Scene(folder, alice, (*account, *options))
        try:
            yield stage
        finally:
            await stage.close()


async def talking(scene: Scene, *, bob_calls: bool) -> tuple[Process, Call]:
    """A call of the two, in which both hear each other."""
    if bob_calls:
        process = await scene.bob(*CALL)
        await scene.alice.told(IncomingCall, seconds=60.0)
        call = await scene.alice.rung()
        await call.answer()
    else:
        process = await scene.bob(*ANSWER)
        await line(process, '"login"', seconds=60.0)
        call = await scene.alice.client.call("bob")
    await scene.alice.told(MediaConnected)
    await line(process, '"media_connected"')
    assert min(await scene.heard()) >= 0.8
    return process, call


async def goes_on(folder: Path, kind: str, *, bob_calls: bool) -> None:
    async with scene(folder, kind) as stage:
        process, call = await talking(stage, bob_calls=bob_calls)
        (record,) = stage.kept
        assert stat.S_IMODE(record.stat().st_mode) == 0o600
        assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700
        process.kill()
        await process.wait()
        process = await stage.bob(*(CALL if bob_calls else ANSWER))
        await line(process, '"call_restored"', seconds=60.0)
        await line(process, '"reconnected"')
        assert min(await stage.heard()) >= 0.8
        assert not call.over
        call.hang_up()
        ended = await finish(process)
        assert ended.code == 0, ended.errors
        assert stage.kept == []
        samples = stage.alice.recording()
    audible = hear(samples[3 * RATE : -RATE], THEIRS)
    who = "calling" if bob_calls else "called"
    print(f"{kind}: the {who} program killed and started again: {audible.longest_gap / 1000.0:.1f} s of silence")


async def is_ended(folder: Path, kind: str) -> None:
    async with scene(folder, kind) as stage:
        process, _ = await talking(stage, bob_calls=False)
        process.kill()
        await process.wait()
        (record,) = stage.kept
        os.utime(record, (record.stat().st_mtime - 300.0,) * 2)
        process = await stage.bob(*ANSWER)
        await line(process, '"call_restored"', seconds=60.0)
        await line(process, '"call_terminated"')
        ended = await stage.alice.told(CallTerminated)
        assert ended.call.originator == "remote"
        assert ended.call.reason == "Connection Error"
        assert stage.kept == []
        process.terminate()
        await finish(process)


async def test_a_call_outlives_the_program_and_an_old_one_is_ended(tmp_path: Path) -> None:
    await asyncio.gather(
        goes_on(tmp_path / "kept", "embedded", bob_calls=False), is_ended(tmp_path / "old", "embedded")
    )


async def test_a_call_outlives_the_program_that_made_it(tmp_path: Path) -> None:
    await goes_on(tmp_path / "kept", "kamailio", bob_calls=True)


async def test_a_telephone_tells_of_the_call_that_it_takes_up(tmp_path: Path) -> None:
    async with street(tmp_path, 1) as (couple,):
        bob, kept = couple.bob, tmp_path / "kept"
        assert await bob.run(bob.call.hold())
        bob.machine.unplugged = True
        await asyncio.to_thread(shutil.copytree, bob.settings["calls_folder"], kept)
        await bob.run(bob.phone.__aexit__(None, None, None))
        bob.machine.move(90)  # its BYE goes nowhere, and is not sent again from the address it has no more
        bob.machine.unplugged = False
        again = Phone(kept, bob.phone.user, THEIRS, **{**bob.settings, "calls_folder": kept})
        bob.phone = again
        await move_in(bob)
        restored = await bob.told(CallRestored)
        assert restored.held
        assert restored.talked > 1.0
        bob.calls = list(again.client.calls)
        assert bob.call.held
        assert bob.call.status is Status.RECONNECTING
        await bob.told(Reconnected, seconds=20.0)  # who was held may not have missed anything
        assert bob.phone.all(Reconnecting)[0].reason == "restart"
        assert couple.alice.call.remote_held
        assert await bob.run(bob.call.resume())
        await couple.still_heard()
