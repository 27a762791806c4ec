"""Somebody at the fleet's broker: a unit or a program with a certificate, or a person with an account in a browser."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from appliance.app.fleet.broker import FleetBroker
from appliance.provision.authority_folder import Files
from tests.support.mosquitto import Seen


class FleetClient:
    """Give it `files` (a certificate) or `account`; without, it is nobody. A context manager.

    `seen` is every message that came, in order; `ended` why the connection is over.
    """

    def __init__(
        self,
        broker: FleetBroker,
        *,
        files: Files | None = None,
        account: str = "",
        client_id: str = "",
        topic: str = "",
    ) -> None:
        self.seen: list[Seen] = []
        self.ended = ""
        self._changed = threading.Condition()
        self._ready = False
        self._answers: dict[int, str] = {}
        self._topic = topic
        self._port = broker.port if files is not None else broker.page_port
        self._host = broker.host
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            transport="tcp" if files is not None else "websockets",
            reconnect_on_failure=False,
        )
        if files is not None:
            self._client.tls_set(str(broker.certificates.root), str(files.certificate), str(files.key))
        if account:
            self._client.username_pw_set(account, broker.passwords[account].reveal())
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._host, self._port)
        except OSError as error:
            self.ended = str(error)
            return self
        self._client.loop_start()
        self._wait(lambda: self._ready or bool(self.ended), "no connection")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def connected(self) -> bool:
        """The broker has let it in."""
        return self._ready

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> str:
        """What the broker says to it: "Success", "No matching subscribers" or why not."""
        message = self._client.publish(topic, payload, qos=1, retain=retain).mid
        self._wait(lambda: message in self._answers or bool(self.ended), f"no answer to {topic}")
        return self._answers.get(message, self.ended)

    async def wait(self, wanted: Callable[[Seen], bool]) -> Seen:
        """The first message that satisfies `wanted`."""
        await asyncio.to_thread(self._wait, lambda: any(map(wanted, self.seen)), "not seen")
        return next(filter(wanted, self.seen))

    async def wait_ended(self) -> str:
        """Why the connection is over."""
        await asyncio.to_thread(self._wait, lambda: bool(self.ended), "still connected")
        return self.ended

    def _wait(self, condition: Callable[[], bool], problem: str, seconds: float = 10.0) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, seconds):
                raise TimeoutError(f"{problem} in {seconds:g} s; seen: {[seen.topic for seen in self.seen[-20:]]}")

    def _note(self, change: Callable[[], Any]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def _on_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if reason.is_failure:
            self._note(lambda: setattr(self, "ended", reason.getName()))
        elif self._topic:
            client.subscribe(self._topic, qos=1)
        else:
            self._note(lambda: setattr(self, "_ready", True))

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, _reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        self._note(lambda: setattr(self, "_ready", True))

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._note(lambda: setattr(self, "ended", self.ended or reason.getName()))

    def _on_publish(
        self, _client: Client, _data: object, message: int, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._note(lambda: self._answers.update({message: reason.getName()}))

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        seen = Seen(message.topic, bytes(message.payload), message.qos, message.retain)
        self._note(lambda: self.seen.append(seen))
