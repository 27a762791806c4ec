"""Mosquitto as the broker of a test: accounts, access rules and TLS on free loopback ports; and who listens to it."""

import asyncio
import getpass
import json
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tests.support.authority import Authority
from tests.support.mqtt_schema import validate
from tests.support.ports import LOOPBACK, free_ports
from tests.support.require import require

PACKAGES = "mosquitto"
UNIT, UNIT_PASSWORD = "phone", "phone's word"
READER, READER_PASSWORD = "reader", "reader's word"
_ACCESS = """\
user {UNIT}
topic deny intercom/v1/lobby/guest/event/#
topic readwrite intercom/v1/lobby/#
topic write homeassistant/device/lobby/#
topic read homeassistant/status
user {READER}
topic readwrite #
"""
_CONFIGURATION = """\
user {user}
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/access
persistence false
max_queued_messages 0
log_type all
{more}
listener {plain} {host}
listener {tls} {host}
cafile {ca}
certfile {chain}
keyfile {key}
"""


class Mosquitto:
    """One Mosquitto with its own folder, certificates and accounts. A (sync or async) context manager.

    The account `UNIT` may use the topics of site `lobby` (but not the events of its device `guest`), the account
    `READER` all of them; both over `plain` and over `tls`, which wants `ca_file`. `configuration` is more options.
    """

    def __init__(self, *, configuration: str = "") -> None:
        self._more = configuration
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self.host = LOOPBACK
        self.plain = self.tls = 0
        self.ca_file = Path()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Choose ports, write the configuration, start, and wait until it accepts connections."""
        require("mosquitto", package=PACKAGES)
        self._folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
        self.plain, self.tls = free_ports(2)
        self._write_configuration()
        try:
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, and remove its folder."""
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Take it away without a goodbye. `restart()` brings it back, with no memory."""
        assert self._process is not None, "not started"
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Stop its work, its sockets stay: it accepts connections (the kernel does) and says nothing."""
        assert self._process is not None, "not started"
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause()`."""
        assert self._process is not None, "not started"
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start it again on the same ports."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._launch()

    def log_text(self) -> str:
        """What it wrote since it was last started."""
        return (self._folder / "mosquitto.log").read_text(errors="replace")

    def _write_configuration(self) -> None:
        authority = Authority(self._folder)
        certificate = authority.issue()
        self.ca_file = authority.root
        passwords = self._folder / "passwords"
        passwords.write_text(f"{UNIT}:{UNIT_PASSWORD}\n{READER}:{READER_PASSWORD}\n")
        # Hashed in place: a password has no business on a command line.
        subprocess.run([require("mosquitto_passwd", package=PACKAGES), "-U", str(passwords)], check=True)
        (self._folder / "access").write_text(_ACCESS.format(UNIT=UNIT, READER=READER))
        text = _CONFIGURATION.format(
            user=getpass.getuser(),
            folder=self._folder,
            more=self._more,
            plain=self.plain,
            tls=self.tls,
            host=LOOPBACK,
            ca=authority.root,
            chain=certificate.chain,
            key=certificate.key,
        )
        (self._folder / "mosquitto.conf").write_text(text)

    def _launch(self, *, seconds: float = 10.0) -> None:
        program = require("mosquitto", package=PACKAGES)
        with (self._folder / "mosquitto.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(program), "-c", str(self._folder / "mosquitto.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"mosquitto did not start:\n{self.log_text()[-3000:]}")
            if "running" in self.log_text():
                return
            time.sleep(0.02)
        raise TimeoutError(f"mosquitto did not start in {seconds} s:\n{self.log_text()[-3000:]}")


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a subscriber got it."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    """It is a retained value, given because we have just subscribed."""
    correlation: bytes = b""
    """What the answer belongs to (MQTT 5 §4.10)."""

    @property
    def value(self) -> Any:
        """The payload as JSON."""
        return json.loads(self.payload)

    @property
    def tail(self) -> str:
        """The topic after site and device."""
        return self.topic.split("/", 4)[-1]


class Observer:
    """Whoever looks at a dashboard: a subscriber that notes every message, in order. A context manager.

    At its end every message has to be what the schema says, unless it is not `strict`.
    """

    def __init__(self, broker: Mosquitto, topic: str = "intercom/#", *, strict: bool = True) -> None:
        self._strict = strict
        self.seen: list[Seen] = []
        self._topic = topic
        self._changed = threading.Condition()
        self._subscribed = False
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(READER, READER_PASSWORD)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._broker = broker

    def __enter__(self) -> Self:
        self._client.connect(self._broker.host, self._broker.plain)
        self._client.loop_start()
        self._wait(lambda: self._subscribed, 5.0, "no subscription")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        if kind is None and self._strict:
            for seen in self.seen:
                validate(seen.tail, seen.payload)

    def send(
        self, topic: str, payload: bytes, *, retain: bool = False, reply: str = "", correlation: bytes = b""
    ) -> None:
        """Publish, as a manager does."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if reply:
            properties.ResponseTopic = reply
        if correlation:
            properties.CorrelationData = correlation
        self._client.publish(topic, payload, 1, retain, properties).wait_for_publish(5.0)

    def of(self, tail: str) -> list[Seen]:
        """What came on topics whose end, after site and device, is `tail`, or begins with it if that ends in `/`."""
        return [
            seen for seen in list(self.seen) if seen.tail == tail or (tail[-1] == "/" and seen.tail.startswith(tail))
        ]

    async def wait(self, wanted: Callable[[Seen], bool], *, seconds: float = 10.0) -> Seen:
        """Wait until a message satisfies `wanted`; that message, the first of them."""
        found: list[Seen] = []

        def look() -> bool:
            found.extend(filter(wanted, self.seen))
            return bool(found)

        await asyncio.to_thread(self._wait, look, seconds, "not seen")
        return found[0]

    async def wait_subscribed(self, *, seconds: float = 20.0) -> None:
        """Wait until it is subscribed again, after the broker was away."""
        await asyncio.to_thread(self._wait, lambda: self._subscribed, seconds, "no subscription")

    def forget_subscription(self) -> None:
        """From now on `wait_subscribed` waits for the next one."""
        self._subscribed = False

    def _wait(self, condition: Callable[[], bool], seconds: float, problem: str) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, seconds):
                tail = "\n".join(f"{seen.topic} {seen.payload[:200]!r}" for seen in self.seen[-30:])
                raise TimeoutError(f"{problem} in {seconds} s; of {len(self.seen)} messages the last are:\n{tail}")

    def _on_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _more: Properties | None
    ) -> None:
        client.subscribe(self._topic, qos=1)

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, _reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        with self._changed:
            self._subscribed = True
            self._changed.notify_all()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        with self._changed:
            correlation = getattr(message.properties, "CorrelationData", b"")
            self.seen.append(Seen(message.topic, bytes(message.payload), message.qos, message.retain, correlation))
            self._changed.notify_all()
