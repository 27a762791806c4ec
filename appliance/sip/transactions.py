"""The transaction layer (RFC 3261 §17): pairs requests with responses, absorbs copies, answers challenges."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from appliance.sip.client_transaction import ClientTransaction
from appliance.sip.digest import Attempts, Authenticator
from appliance.sip.events import Reason
from appliance.sip.identifiers import Identifiers
from appliance.sip.message import Request, Response, local_response, respond
from appliance.sip.server_transaction import ServerTransaction, TransactionKey, transaction_key
from appliance.sip.timers import earliest, later
from appliance.units import Seconds

OnResponse = Callable[[Response, Request, Seconds], None]
"""Called with each response that matters, the request as it was sent last, and the time."""

_MAX_SERVER_TRANSACTIONS = 512
_MAX_OUTBOX = 1024
_RINGING = 180.0  # seconds for which a proxy lets a call ring at most (RFC 3261 §16.6, timer C)


class Exchange:
    """One request of ours over all its attempts: each challenge that is answered makes a new transaction."""

    def __init__(self, request: Request, on_response: OnResponse, next_sequence: Callable[[], int]) -> None:
        self.request = request
        self.on_response = on_response
        self.next_sequence = next_sequence
        self.attempts = Attempts()
        self.transaction: ClientTransaction | None = None
        self.abandoned = False
        """No further attempt is made: the request was taken back."""
        self.is_cancelled = False
        """Its CANCEL has been sent."""


class Transactions:
    """Every transaction of a user agent, and what waits to be sent."""

    def __init__(self, identifiers: Identifiers, authenticator: Authenticator) -> None:
        self._identifiers = identifiers
        self._authenticator = authenticator
        self._clients: dict[tuple[str, str], tuple[ClientTransaction, Exchange]] = {}
        self._servers: dict[TransactionKey, ServerTransaction] = {}
        self._unsent: deque[Exchange] = deque()
        self._outbox: deque[bytes] = deque(maxlen=_MAX_OUTBOX)
        self._via_transport = "WSS"
        self._lost: list[tuple[Seconds, Request]] = []
        """The CANCELs of calls that were lost with a connection, and until when they make sense."""
        self.is_connected = False

    @property
    def is_idle(self) -> bool:
        """Whether no request of ours waits for its final response."""
        return not self._unsent and not any(one.awaits_final for one, _ in self._clients.values())

    def connected(self, now: Seconds, *, secure: bool) -> None:
        """From now on what is sent goes out; `secure` decides the transport that Via names (RFC 7118 §5.1)."""
        self.is_connected = True
        self._via_transport = "WSS" if secure else "WS"
        self._outbox.clear()
        lost, self._lost = self._lost, []
        for until, cancellation in lost:
            if now < until:
                self._send_cancellation(cancellation, now)

    def disconnected(self, now: Seconds) -> None:
        """Requests without a final response fail with a local 503; answers may still come over the next connection.

        The response to an INVITE takes the way that its Via names, and can't come any more: what rings somewhere is
        taken back over the next connection.
        """
        self.is_connected = False
        self._outbox.clear()
        for transaction, exchange in tuple(self._clients.values()):
            if transaction.awaits_final:
                request = transaction.request
                if transaction.is_proceeding and request.method == "INVITE" and not request.to.tag:
                    self._lost.append((later(now, _RINGING), transaction.cancel(now)))
                transaction.terminate()
                self._fail(exchange, 503, "Connection lost", now)
        self._sweep()

    def take_outbox(self) -> list[bytes]:
        """What is to be sent now."""
        waiting = list(self._outbox)
        self._outbox.clear()
        return waiting

    def queue(self, data: bytes) -> None:
        """Send bytes, if there is a connection."""
        if self.is_connected:
            self._outbox.append(data)

    def send(
        self, request: Request, on_response: OnResponse, now: Seconds, *, next_sequence: Callable[[], int]
    ) -> Exchange:
        """Send a request (not an ACK) that has no Via yet.

        Args:
            request: complete but for Via and credentials.
            on_response: told of every response, also one made here: 408 for timers B and F, 503 without a connection.
            now: the time.
            next_sequence: gives the CSeq number of another attempt.
        """
        exchange = Exchange(request, on_response, next_sequence)
        remembered = self._authenticator.remembered(request)
        self._attempt(exchange, replace(request, headers=(*request.headers, *remembered)), now)
        return exchange

    def send_acknowledgement(self, request: Request) -> bytes:
        """Send the ACK for a 2xx: a transaction of its own without an answer (RFC 3261 §13.2.2.4). Its bytes."""
        data = self._with_via(request).render()
        self.queue(data)
        return data

    def cancel(self, exchange: Exchange, now: Seconds, cause: Reason | None) -> bool:
        """Take an INVITE back; False if no provisional response has come yet, then it has to wait (RFC 3261 §9.1)."""
        exchange.abandoned = True
        transaction = exchange.transaction
        if transaction is None or not transaction.is_proceeding:
            return False
        exchange.is_cancelled = True
        self._send_cancellation(transaction.cancel(now, cause), now)
        return True

    def _send_cancellation(self, request: Request, now: Seconds) -> None:
        cancellation = Exchange(request, _ignore, lambda: request.sequence)
        cancellation.abandoned = True
        self._start(cancellation, request, now)

    def _attempt(self, exchange: Exchange, request: Request, now: Seconds) -> None:
        exchange.request = self._with_via(request)
        if self.is_connected:
            self._start(exchange, exchange.request, now)
        else:
            self._unsent.append(exchange)

    def _start(self, exchange: Exchange, request: Request, now: Seconds) -> None:
        exchange.transaction = ClientTransaction(request, now)
        self._clients[request.via.branch, request.method] = exchange.transaction, exchange
        self.queue(request.render())

    def _with_via(self, request: Request) -> Request:
        via = f"SIP/2.0/{self._via_transport} {self._identifiers.host};branch={self._identifiers.branch()};rport"
        return replace(request, headers=(("Via", via), *request.headers))

    def receive_response(self, response: Response, now: Seconds) -> None:
        """A response arrived; one that fits no request of ours is dropped (RFC 3261 §18.1.2)."""
        via = response.via
        found = self._clients.get((via.branch, response.sequence_method))
        if found is None or via.sent_by != self._identifiers.host:
            return
        transaction, exchange = found
        passed_up, acknowledgement = transaction.receive(response, now)
        if acknowledgement is not None:
            self.queue(acknowledgement.render())
        if not passed_up:
            return
        if response.status in (401, 407) and self._authenticated(exchange, response, now):
            return
        exchange.on_response(response, exchange.request, now)

    def _authenticated(self, exchange: Exchange, response: Response, now: Seconds) -> bool:
        """Try again with credentials, if there are any and they have not failed yet (RFC 3261 §22.2, §22.3)."""
        if exchange.abandoned:
            return False
        answered = exchange.attempts.next(response)
        request = exchange.request.without("Via", "Authorization", "Proxy-Authorization")
        headers = self._authenticator.answer(request, answered)
        if not headers:
            return False
        number = exchange.next_sequence()
        numbered = tuple(
            (name, f"{number} {request.method}" if name == "CSeq" else value) for name, value in request.headers
        )
        self._attempt(exchange, replace(request, headers=(*numbered, *headers)), now)
        return True

    def receive_request(self, request: Request, now: Seconds) -> ServerTransaction | None:
        """A request arrived: its new transaction; None if it is a copy, or an ACK that ends here.

        An ACK for a 2xx fits no transaction and is not asked about here.
        """
        known = self._servers.get(transaction_key(request))
        if known is not None:
            if request.method == "ACK":
                known.acknowledged(now)
            elif (again := known.copy_received()) is not None:
                self.queue(again.render())
            return None
        if len(self._servers) >= _MAX_SERVER_TRANSACTIONS:
            busy = respond(request, 503, tag="overload", headers=(("Retry-After", "10"),))
            self.queue(busy.render())
            return None
        transaction = ServerTransaction(request)
        self._servers[transaction.key] = transaction
        return transaction

    def is_absorbed_acknowledgement(self, request: Request, now: Seconds) -> bool:
        """Whether an ACK belongs to a non-2xx answer of ours."""
        known = self._servers.get(transaction_key(request))
        if known is None:
            return False
        known.acknowledged(now)
        return True

    def cancelled_invite(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL means (RFC 3261 §9.2)."""
        return self._servers.get(transaction_key(cancel, "INVITE"))

    def is_merged(self, transaction: ServerTransaction) -> bool:
        """Whether the same request came over another path and is still being answered (RFC 3261 §8.2.2.2)."""
        request = transaction.request
        same = (request.call_id, request.from_.tag, request.first("CSeq"))
        return any(
            other is not transaction
            and not other.is_answered
            and (other.request.call_id, other.request.from_.tag, other.request.first("CSeq")) == same
            for other in self._servers.values()
        )

    def respond(self, transaction: ServerTransaction, response: Response, now: Seconds) -> None:
        """Answer a request; a second final response is not sent."""
        if transaction.is_answered:
            return
        transaction.respond(response, now)
        self.queue(response.render())

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(
            (
                *(transaction.deadline for transaction, _ in self._clients.values()),
                *(transaction.deadline for transaction in self._servers.values()),
            )
        )

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        for transaction, exchange in tuple(self._clients.values()):
            if transaction.timer(now):
                self._fail(exchange, 408, "No response", now)
        for server in tuple(self._servers.values()):
            server.timer(now)
        self._sweep()

    def settle(self, now: Seconds) -> None:
        """Fail what could not be sent. After the command that sent it: nobody hears of it inside its own call."""
        for _ in range(len(self._unsent)):
            self._fail(self._unsent.popleft(), 503, "Not connected", now)

    def _fail(self, exchange: Exchange, status: int, reason: str, now: Seconds) -> None:
        exchange.on_response(local_response(exchange.request, status, reason), exchange.request, now)

    def _sweep(self) -> None:
        for key in [key for key, (one, _) in self._clients.items() if one.is_terminated]:
            del self._clients[key]
        for server in [server for server in self._servers.values() if server.is_terminated]:
            del self._servers[server.key]


def _ignore(response: Response, request: Request, now: Seconds) -> None:
    """Nobody waits for the answer to a CANCEL: the INVITE's own tells what became of it."""
