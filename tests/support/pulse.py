"""A private PulseAudio with a speaker and a microphone that are null sinks: a sound card for a machine without one.

What an application plays can be recorded from the speaker's monitor; what is fed to the microphone, it records.
ALSA, and so PortAudio, finds it as `default`, and as the devices `speaker` and `microphone`, once `environment` is set.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tests.support.require import require
from tests.support.tones import RATE, Samples

PACKAGES = "pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"
_START_SECONDS = 10.0
_DAEMON = """\
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=speaker rate=48000 channels=1 channel_map=mono
load-module module-null-sink sink_name=feed rate=48000 channels=1 channel_map=mono
load-module module-remap-source source_name=microphone master=feed.monitor
set-default-sink speaker
set-default-source microphone
"""
_ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.!default {{ type pulse server "{server}" }}
ctl.!default {{ type pulse server "{server}" }}
pcm.speaker {{ type pulse server "{server}" device speaker hint {{ show on description "speaker" }} }}
pcm.microphone {{ type pulse server "{server}" device microphone hint {{ show on description "microphone" }} }}
"""


class Pulse:
    """One daemon in a folder of its own; a context manager."""

    def __init__(self) -> None:
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._ears: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="pulse-"))
        (self._folder / "daemon.pa").write_text(_DAEMON.format(socket=self._socket))
        (self._folder / "alsa.conf").write_text(_ALSA.format(server=f"unix:{self._socket}"))
        self.start()
        return self

    def start(self) -> None:
        """Start the daemon, or start it again after `kill`: the card is plugged in once more."""
        daemon = require("pulseaudio", package=PACKAGES)
        command = [str(daemon), "-n", "-F", str(self._folder / "daemon.pa"), "--daemonize=no", "--exit-idle-time=-1"]
        command += ["--use-pid-file=no", "--disable-shm=yes", "--realtime=no", "--high-priority=no"]
        log = (self._folder / "daemon.log").open("wb")
        with log:
            self._process = subprocess.Popen(command, env=self._own_environment(), stdout=log, stderr=log)
        self._wait()
        self._hurry()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _socket(self) -> Path:
        return self._folder / "native"

    def _own_environment(self) -> dict[str, str]:
        folder = str(self._folder)
        names = ("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH")
        return {**os.environ, **dict.fromkeys(names, folder)}

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PulseAudio did not start: {(self._folder / 'daemon.log').read_text()}")
            time.sleep(0.02)

    def _hurry(self) -> None:
        """Keep somebody listening at 10 ms: a null sink without such a stream wakes up every two seconds only."""
        parec = require("parec", package=PACKAGES)
        for sink in ("speaker", "feed"):
            command = [str(parec), "-d", f"{sink}.monitor", "--latency-msec=10", *_FORMAT]
            self._ears.append(
                subprocess.Popen(command, env=self.client, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )

    def _answers(self) -> bool:
        pactl = require("pactl", package=PACKAGES)
        done = subprocess.run([pactl, "info"], env=self.client, capture_output=True, check=False)
        return done.returncode == 0

    def stand_still(self) -> None:
        """Let the daemon do nothing any more, as a card whose driver hangs: no frame comes, and nothing fails."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End the daemon as a crash does; whoever has a stream finds its device gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
        while self._ears:
            ear = self._ears.pop()
            ear.terminate()
            ear.wait()

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads ALSA to this daemon."""
        return {"PULSE_SERVER": f"unix:{self._socket}", "ALSA_CONFIG_PATH": str(self._folder / "alsa.conf")}

    @property
    def client(self) -> dict[str, str]:
        """The whole environment of a program that uses this daemon."""
        return {**self._own_environment(), **self.environment}

    @contextmanager
    def as_sound_card(self) -> Iterator[None]:
        """Within, PortAudio in this very process finds the daemon."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    @contextmanager
    def feeding(self, samples: Samples) -> Iterator[None]:
        """Within, `samples` (48 kHz) sound into the microphone once."""
        pacat = require("pacat", package=PACKAGES)
        path = self._folder / f"feed-{time.monotonic_ns()}.raw"
        path.write_bytes(samples.astype("<i2").tobytes())
        command = [str(pacat), "--playback", "-d", "feed", *_FORMAT, str(path)]
        with subprocess.Popen(command, env=self.client, stderr=subprocess.DEVNULL) as feeder:
            try:
                yield
            finally:
                feeder.terminate()

    @contextmanager
    def listening(self) -> Iterator["Listener"]:
        """Within, what the speaker plays is recorded."""
        parec = require("parec", package=PACKAGES)
        path = self._folder / f"heard-{time.monotonic_ns()}.raw"
        listener = Listener(path)
        with path.open("wb") as out:
            command = [str(parec), "-d", "speaker.monitor", "--latency-msec=20", *_FORMAT]
            with subprocess.Popen(command, env=self.client, stdout=out, stderr=subprocess.DEVNULL) as recorder:
                try:
                    listener.until_sounding()
                    yield listener
                finally:
                    recorder.terminate()


class Listener:
    """A recording that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def samples(self) -> Samples:
        """Everything so far, 48 kHz."""
        data = self._path.read_bytes()
        return np.frombuffer(data[: len(data) // 2 * 2], dtype=np.int16)

    @property
    def seconds(self) -> float:
        """The length so far."""
        return self._path.stat().st_size / 2 / RATE

    def until_sounding(self) -> None:
        """Wait until the recorder runs."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._path.stat().st_size:
            if time.monotonic() > deadline:
                raise RuntimeError("nothing is recorded")
            time.sleep(0.02)


_FORMAT = ("--format=s16le", "--rate=48000", "--channels=1", "--raw")
