"""One connection to a broker, from TCP to its end, through paho [I/O]: the only file that knows paho.

Everything here happens in the thread that made the object: paho's callbacks only note what they were told.
"""

import selectors
import socket
import ssl
import struct
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import Final

from paho.mqtt import MQTTException
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from appliance.errors import TransportError
from appliance.mqtt.payloads import SCHEMA
from appliance.mqtt.publication import Publication
from appliance.mqtt.received import Received
from appliance.mqtt.settings import BrokerSettings

_NOT_YET_VALID: Final = 9  # X509_V_ERR_CERT_NOT_YET_VALID: what a unit without a clock of its own sees after a start
LARGEST: Final = 64 * 1024
"""Octets of a packet that we take: MQTT 5 brokers keep larger ones to themselves (§3.1.2.11.4)."""
_METRIC_EXPIRY: Final = 60  # seconds; a reader who comes later has no use for it
_GARBAGE: Final = (ValueError, IndexError, KeyError, struct.error, MQTTException)  # paho's parser, given nonsense


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The broker's word on a message of QoS 1."""

    message: int
    refusal: str
    """Why it does not want it; "" if it has it. Only MQTT 5 tells."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The broker's CONNACK and what it limits (MQTT 5 §3.2.2.3)."""

    version: str
    window: int
    """Unacknowledged messages it allows."""
    largest: int | None
    """Octets of a packet it allows; None: any."""


class Connection:
    """`open()` it, then `wait()` and `send()` until `ended` says why it is over; `close()` it in any case."""

    def __init__(self, settings: BrokerSettings, client_id: str, will: Publication, *, version5: bool) -> None:
        self.accepted: Accepted | None = None
        self.ended = ""
        self.acknowledgements: deque[Acknowledgement] = deque()
        self.received: deque[Received] = deque()
        self.deaf: str = ""
        """Why the broker does not let us hear what we asked for; "" if it does."""
        self.taken_over = False
        """Somebody else came with our client id."""
        self._settings = settings
        self._version5 = version5
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if version5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = settings.connect_timeout
        self._client.max_inflight_messages_set(settings.window + 1)  # the outbox counts; paho must not queue as well
        if settings.user:
            self._client.username_pw_set(settings.user, settings.password.reveal() or None)
        self._client.will_set(
            will.topic, will.payload, will.qos, will.retain, self._properties(PacketTypes.WILLMESSAGE, will)
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._unacknowledged: set[int] = set()
        self._opened = False
        self._refused = False

    @property
    def wants_other_version(self) -> bool:
        """The network was there and the broker was not: it did not understand us, or does not say so."""
        return self._opened and self.accepted is None and not self._refused

    def open(self, context: ssl.SSLContext | None = None) -> None:
        """Connect and send CONNECT. Blocks for as long as names, TCP and TLS take. Raises `TransportError`.

        `context` is one of `tls_context()`, if the files of the settings are not to be read again.
        """
        try:
            if self._settings.tls:
                self._client.tls_set_context(context or tls_context(self._settings))
            host = self._settings.host.strip("[]")  # an IPv6 address as URIs have it
            properties = None
            if self._version5:
                properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
                properties.MaximumPacketSize = LARGEST
            self._client.connect(
                host, self._settings.port, keepalive=int(self._settings.keepalive), properties=properties
            )
        except TransportError:
            raise
        except (OSError, *_GARBAGE) as error:
            raise TransportError(_explained(error, self._settings)) from error
        self._opened = True

    def wait(self, wake: socket.socket, seconds: float) -> None:
        """Return when the socket has something to do and it was done, when `wake` is readable, or after `seconds`."""
        held, ready = self.held, 0
        if held is not None:
            writing = 0 if self.writable else selectors.EVENT_WRITE
            with selectors.PollSelector() as selector:
                selector.register(wake, selectors.EVENT_READ)
                selector.register(held, selectors.EVENT_READ | writing)
                ready = {key.fileobj: mask for key, mask in selector.select(seconds)}.get(held, 0)
        self.serve(ready)

    def serve(self, ready: int) -> None:
        """Do what the socket is `ready` for (events of `selectors`) and keep the connection alive; never waits."""
        try:
            held = self.held
            if ready & selectors.EVENT_READ and held is not None:
                self._read(held)
            if ready & selectors.EVENT_WRITE:
                self._client.loop_write()
            self._client.loop_misc()
        except _GARBAGE as error:
            self.ended = self.ended or f"it does not speak MQTT ({type(error).__name__})"
        if self._client.socket() is None and not self.ended:
            self.ended = "the connection was lost"

    @property
    def held(self) -> socket.socket | None:
        """What to select on for `serve()`; None before it is open and when it is over."""
        held = self._client.socket()
        return held if isinstance(held, socket.socket) else None

    def give_up(self, reason: str) -> None:
        """It is over, because of `reason`; the broker is not told."""
        self.ended = self.ended or reason

    def send(self, publication: Publication) -> int | None:
        """Begin to send; the number to expect an acknowledgement of, None for QoS 0."""
        properties = self._properties(PacketTypes.PUBLISH, publication)
        info = self._client.publish(
            publication.topic, publication.payload, publication.qos, publication.retain, properties
        )
        if not publication.qos:
            return None
        self._unacknowledged.add(info.mid)
        return info.mid

    def subscribe(self, filters: tuple[str, ...]) -> None:
        """Ask for what others publish; comes in `received`. Retained messages are told from others, even live ones."""
        if self._version5:
            options = SubscribeOptions(qos=1, retainAsPublished=True)
            self._client.subscribe([(topic, options) for topic in filters])
        else:
            self._client.subscribe([(topic, 1) for topic in filters])

    @property
    def writable(self) -> bool:
        """The network has taken what it was given so far."""
        return not self._client.want_write()

    def disconnect(self) -> None:
        """Say goodbye, so that the broker forgets the will; `wait()` until `ended`."""
        self._client.disconnect()

    def close(self) -> None:
        """Give the socket back. Without `disconnect()` the broker publishes the will."""
        held = self._client.socket()
        if held is not None:
            held.close()

    def _read(self, held: socket.socket) -> None:
        code = self._client.loop_read()
        # What TLS has decrypted already, no selector sees.
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and isinstance(held, ssl.SSLSocket) and self._has_more(held):
            code = self._client.loop_read()

    def _has_more(self, held: ssl.SSLSocket) -> bool:
        return self._client.socket() is held and held.pending() > 0

    def _properties(self, packet: int, publication: Publication) -> Properties | None:
        if not self._version5:
            return None
        if publication.correlation:
            properties = _written(packet, metric=not publication.qos)
            properties.CorrelationData = publication.correlation
            return properties
        return _usual(packet, metric=not publication.qos)

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = reason.getName() != "Unsupported protocol version"
            account = f" for user {self._settings.user!r}" if self._settings.user else " without a user"
            self.ended = f"it refuses the connection{account}: {reason.getName()}"
            return
        window = getattr(properties, "ReceiveMaximum", self._settings.window)
        self.accepted = Accepted(
            version="5" if self._version5 else "3.1.1",
            window=min(window, self._settings.window),
            largest=getattr(properties, "MaximumPacketSize", None),
        )

    def _on_disconnect(
        self, _client: Client, _data: object, flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if self.ended:
            return
        if flags.is_disconnect_packet_from_server:
            self.taken_over = reason.getName() == "Session taken over"
            taken = "; another unit has the same name" if self.taken_over else ""
            self.ended = f"it ended the connection: {reason.getName()}{taken}"
        else:
            # What paho would add says nothing: "Unspecified error".
            self.ended = "the connection was lost" if reason.is_failure else "the connection was closed"

    def _on_publish(
        self, _client: Client, _data: object, message: int, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if message in self._unacknowledged:
            self._unacknowledged.discard(message)
            refusal = reason.getName() if reason.is_failure else ""
            self.acknowledgements.append(Acknowledgement(message, refusal))

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        properties = message.properties
        self.received.append(
            Received(
                topic=message.topic,
                payload=bytes(message.payload),
                retained=message.retain,
                reply_topic=getattr(properties, "ResponseTopic", ""),
                correlation=getattr(properties, "CorrelationData", b""),
            )
        )

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        self.deaf = next((reason.getName() for reason in reasons if reason.is_failure), "")


def _written(packet: int, *, metric: bool) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    properties.PayloadFormatIndicator = 1
    properties.ContentType = "application/json"
    properties.UserProperty = ("schema", str(SCHEMA))
    if metric:
        properties.MessageExpiryInterval = _METRIC_EXPIRY
    return properties


_usual: Final = cache(_written)
"""paho takes longer to make these than to send a message, and changes nothing in them."""


def tls_context(settings: BrokerSettings) -> ssl.SSLContext:
    """What the settings say of trust and of the unit's own certificate. Raises `TransportError`, or `OSError`."""
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.certificate_file is not None:
        try:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
        except OSError as error:  # which SSLError is too
            reason = error.strerror or getattr(error, "reason", None) or error
            files = f"{settings.certificate_file}, {settings.key_file}"
            raise TransportError(f"the unit's own certificate can't be used: {reason} ({files})") from None
    return context


def _explained(error: Exception, settings: BrokerSettings) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            trusted = f" (trusted: {settings.ca_file})" if settings.ca_file else ""
            clock = "; is the unit's clock right?" if error.verify_code == _NOT_YET_VALID else ""
            sentence = f"its certificate is not trusted: {error.verify_message or error}{clock}{trusted}"
        case ssl.SSLError():
            sentence = f"TLS failed: {error.reason or error}"
        case socket.gaierror():
            sentence = f"the name is not known: {error.strerror}"
        case TimeoutError():
            sentence = f"no answer in {settings.connect_timeout:g} s"
        case FileNotFoundError():
            sentence = f"the file of trusted certificates is missing: {settings.ca_file}"
        case OSError(strerror=str() as reason):
            sentence = reason
        case _:
            sentence = str(error)
    return sentence
