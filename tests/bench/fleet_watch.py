"""Who looks at a fleet that is measured: everything a dashboard hears, by the way a dashboard hears it."""

import json
import statistics
import threading
import time
from collections import defaultdict
from datetime import datetime
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from appliance.app.fleet.broker import FleetBroker

FILTERS = ("status", "info", "state/+", "event/+", "quality/+", "resp/+", "cfg/reported")


class Watch:
    """Over WebSocket, as `dashboard`, events with QoS 1. A context manager; comes back by itself after a restart."""

    def __init__(self, broker: FleetBroker) -> None:
        self.online: dict[str, float] = {}
        """When each unit was seen to be online last (monotonic seconds)."""
        self.lost: dict[str, float] = {}
        """When each will was seen."""
        self.delays: list[float] = []
        """Seconds from the unit's clock to here, of every live message since `forget()`."""
        self.messages = 0
        self._numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._ready = threading.Event()
        self._host, self._port = broker.host, broker.page_port
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, transport="websockets")
        self._client.username_pw_set("dashboard", broker.passwords["dashboard"].reveal())
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect(self._host, self._port)
        self._client.loop_start()
        self.wait_subscribed()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def forget(self) -> None:
        """Begin counting delays and messages anew."""
        self.delays = []
        self.messages = 0

    def expect_again(self) -> None:
        """Nobody counts as online until it says so again; `wait_subscribed` waits for the next subscription."""
        self.online = {}
        self._ready.clear()

    def wait_subscribed(self) -> None:
        """Until the broker lets it hear."""
        if not self._ready.wait(120):
            raise TimeoutError("the broker lets nobody look")

    def missing(self) -> tuple[int, int]:
        """Numbered messages that did not come, by the gaps between those that did; and those that did."""
        numbers = list(self._numbers.values())
        came = sum(map(len, numbers))
        return sum(map(max, numbers)) - came, came

    def delay(self) -> tuple[float, float]:
        """The median, and what 99 of 100 do not exceed, in ms."""
        delays = sorted(self.delays) or [0.0]
        return 1000.0 * statistics.median(delays), 1000.0 * delays[int(0.99 * (len(delays) - 1))]

    def _on_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _more: Properties | None
    ) -> None:
        client.subscribe([(f"intercom/v1/+/+/{tail}", 1 if tail == "event/+" else 0) for tail in FILTERS])

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, _reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        self._ready.set()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        now, wall = time.monotonic(), time.time()
        _, _, site, device, kind, *_ = message.topic.split("/")
        unit = f"{site}/{device}"
        payload = json.loads(message.payload)
        self.messages += 1
        if kind == "status":
            if payload["state"] == "online":
                self.online[unit] = now
                self.lost.pop(unit, None)
            elif payload["reason"] == "lost":
                self.lost.setdefault(unit, now)
                self.online.pop(unit, None)
        if message.retain:
            return
        if "seq" in payload:
            self._numbers[unit, payload["boot_id"]].add(payload["seq"])
        if kind in {"event", "quality"}:
            self.delays.append(wall - datetime.fromisoformat(payload["time"]).timestamp())
