"""Telephones that talk through a sound card: ours, JsSIP in Chromium, baresip, and the least that aiortc needs."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from appliance.sim.registrar import Registrar
from tests.bench.card_pair import CardPair
from tests.support.browser import Browser, JsSipPeer
from tests.support.ports import free_port
from tests.support.require import require

USERS: Final = {"alice": "wonder", "bob": "builder"}
_PATIENCE: Final = 20.0

Pids = tuple[int, int]
"""The process of the caller, and that of the callee; they may have children."""


@asynccontextmanager
async def ours(pair: CardPair) -> AsyncIterator[Pids]:
    """`intercom answer` and `intercom call`, each a process with a card of its own, through our registrar."""
    command = [sys.executable, "-m", "appliance.cli.main"]
    async with Registrar(USERS) as registrar:
        with tempfile.TemporaryDirectory() as folder, _ended() as processes:
            for index, (user, verb) in enumerate((("bob", "answer"), ("alice", "call"))):
                where = ["--registrar", registrar.url, "--user", user, "--password-file", _password(folder, user)]
                what = ["--to", "bob"] if verb == "call" else []
                program = [*command, verb, *where, *what, "--audio", "sound-card"]
                log = Path(folder, f"{user}.log")
                processes.append(_started(program, pair.cards[1 - index].client, log))
                await _said(log, "login" if verb == "answer" else "media_connected")
            yield processes[1].pid, processes[0].pid


@asynccontextmanager
async def chromium(pair: CardPair) -> AsyncIterator[Pids]:
    """JsSIP in two Chromium processes, without their voice processing, through our registrar."""
    async with AsyncExitStack() as stack:
        registrar = await stack.enter_async_context(Registrar(USERS))
        peers: list[JsSipPeer] = []
        browsers: list[Browser] = []
        for card, user in zip(pair.cards, USERS, strict=True):
            browser = await stack.enter_async_context(Browser(card=card.client))
            browsers.append(browser)
            peer = await browser.peer(registrar.url, "localhost", user, USERS[user], on_call="answer", card=True)
            await peer.wait("registered")
            peers.append(peer)
        await peers[0].call("sip:bob@localhost")
        for peer in peers:
            while (await peer.wait("media"))["state"] != "connected":
                pass
        yield browsers[0].pid, browsers[1].pid


def _password(folder: str, user: str) -> str:
    path = Path(folder, user)
    path.write_text(USERS[user])
    return str(path)


_BARESIP: Final = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
call_max_calls 1
audio_player alsa,default
audio_source alsa,default
audio_srate 48000
audio_channels 1
audio_buffer 20-160
jitter_buffer_type adaptive
jitter_buffer_delay 1-10
module_path /usr/lib/baresip/modules
module_app account.so
module_app menu.so
module alsa.so
module opus.so
module stdio.so
opus_bitrate 24000
opus_complexity 5
opus_inbandfec yes
opus_packet_loss 5
opus_stereo no
opus_sprop_stereo no
"""


@asynccontextmanager
async def baresip(pair: CardPair) -> AsyncIterator[Pids]:
    """Two baresips that call each other without a registrar, over plain RTP."""
    program = str(require("baresip", package="baresip-core"))
    ports = [free_port(), free_port()]
    with tempfile.TemporaryDirectory() as folder, _ended() as processes:
        for index in (1, 0):
            home = _home(Path(folder, str(index)), index, ports[index])
            dial = ["-e", f"/dial sip:1@127.0.0.1:{ports[1]}"] if index == 0 else []
            processes.append(_started([program, "-f", str(home), *dial], pair.cards[index].client, home / "log"))
            await _said(home / "log", "baresip is ready" if index else "Call established")
        yield processes[1].pid, processes[0].pid


def _home(home: Path, user: int, port: int) -> Path:
    """A folder with a baresip's configuration."""
    home.mkdir()
    (home / "config").write_text(_BARESIP.format(port=port))
    account = f"<sip:{user}@127.0.0.1:{port}>;regint=0;answermode=auto;audio_codecs=opus/48000/2\n"
    (home / "accounts").write_text(account)
    (home / "contacts").write_text("")
    return home


@asynccontextmanager
async def aiortc(pair: CardPair) -> AsyncIterator[Pids]:
    """Two `RTCPeerConnection`s with PortAudio streams; this process is their signalling."""
    with tempfile.TemporaryDirectory() as folder, _ended() as processes:
        logs = [Path(folder, name) for name in USERS]
        for card, log in zip(pair.cards, logs, strict=True):
            program = [sys.executable, "-m", "tests.bench.stock_card"]
            processes.append(_started(program, card.client, log, stdin=subprocess.PIPE))
        first, second = processes
        offer = await _asked(first, logs[0], {"do": "offer"})
        answer = await _asked(second, logs[1], {"do": "answer", "sdp": offer})
        await _asked(first, logs[0], {"do": "accept", "sdp": answer})
        for log in logs:
            await _said(log, "connected")
        yield first.pid, second.pid


async def _asked(process: "subprocess.Popen[bytes]", log: Path, wish: dict[str, str]) -> str:
    """What the process answers: the next line of its log."""
    assert process.stdin is not None
    known = len(_lines(log))
    process.stdin.write(f"{json.dumps(wish)}\n".encode())
    process.stdin.flush()
    await _until(lambda: len(_lines(log)) > known, log)
    return str(json.loads(_lines(log)[known]))


def _lines(log: Path) -> list[str]:
    """What the process has said: whole lines."""
    return log.read_text(errors="replace").splitlines(keepends=True)


def _started(
    program: Sequence[str], environment: Mapping[str, str], log: Path, *, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        return subprocess.Popen(program, env=dict(environment), stdin=stdin, stdout=out, stderr=subprocess.STDOUT)


async def _said(log: Path, words: str) -> None:
    """Wait until the program has printed `words`."""
    await _until(lambda: any(words in line for line in _lines(log)), log)


async def _until(true: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"it waits in vain; the log ends: {''.join(_lines(log)[-20:])}")
        await asyncio.sleep(0.02)


@contextmanager
def _ended() -> Iterator["list[subprocess.Popen[bytes]]"]:
    """Processes that end with the block."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
