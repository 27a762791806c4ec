"""Whether the registrar still lives, judged by what it says (RFC 5626 §4.4, RFC 7118 §6, RFC 6455 §5.5.2).

::

    something heard ──► quiet for `interval` ──► asked ──┬─ an answer ───► quiet again …
                                                         └─ `patience` ──► dead, or it never answers that question

Three questions, asked at once: the WebSocket's ping, two line ends (answered by one), and OPTIONS (any final response
will do). Every WebSocket answers its ping; the other two count from their first answer on, because some registrars
never answer the one or the other. Once line ends are answered, OPTIONS is not sent any more: it costs both sides more.
"""

from typing import Final

from appliance.sip.endpoint import Endpoint
from appliance.sip.message import Request, Response
from appliance.sip.settings import LivenessSettings, Question
from appliance.sip.timers import later
from appliance.sip.transactions import Exchange
from appliance.units import Seconds

PING, PONG = b"\r\n\r\n", b"\r\n"
"""The keepalive of RFC 5626 §3.5.1 and its answer."""

_STALLED: Final = 1.0
"""Seconds by which `timer` is late when it was this unit that slept: what was answered meanwhile is not read yet."""


_SILENT: Final = "the registrar has fallen silent"
_WORDS: Final = {
    Question.CRLF: "the registrar no longer answers keepalives",
    Question.OPTIONS: "the registrar no longer answers OPTIONS",
}


class Liveness:
    """The watch over one connection after the other.

    Attributes:
        verdict: why the connection is dead, as a sentence; empty while it lives.
    """

    def __init__(self, endpoint: Endpoint, settings: LivenessSettings) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._questions: set[Question] = set()
        self._answered: set[Question] = set()
        self._asked: dict[Question, Seconds] = {}
        self._heard: Seconds | None = None
        self._round: Seconds | None = None
        """When it is asked next, if nothing is heard before."""
        self._pings = False
        self._options: Exchange | None = None
        self.verdict = ""

    def connected(self, now: Seconds) -> None:
        """A new connection, of which nothing is known."""
        self.disconnected()
        self._questions = set(self._settings.questions)
        self._rest(now)

    def disconnected(self) -> None:
        """There is nobody to watch."""
        self._settle()
        self._questions, self._answered = set(), set()
        self._heard = self._round = None
        self._pings = False
        self.verdict = ""

    def take_ping(self) -> bool:
        """Whether the transport should send a WebSocket ping now; it calls `ponged` with the answer."""
        wanted, self._pings = self._pings, False
        return wanted

    # Signs of life.

    def heard(self, now: Seconds) -> None:
        """A message came, whatever it says."""
        self._heard = now
        self._settle()
        self._rest(now)

    def keepalive_answered(self, now: Seconds) -> None:
        """One line end came."""
        self._answered.add(Question.CRLF)
        self.heard(now)

    def ponged(self, now: Seconds) -> None:
        """The WebSocket's pong came."""
        self._heard = now
        if self._asked.pop(Question.WEBSOCKET, None) is not None:
            self._rest(now)

    def _settle(self) -> None:
        """No answer is waited for any more; an OPTIONS that has none yet stands in nobody's way."""
        self._asked.clear()
        if self._options is not None and self._options.transaction is not None:
            self._options.transaction.terminate()
        self._options = None

    def _rest(self, now: Seconds) -> None:
        if not self._asked and self._settings.interval:
            self._round = later(now, self._settings.interval)

    # Questions.

    def ask(self, now: Seconds) -> None:
        """Ask now, unless an answer is being waited for: there is a reason for doubt."""
        if self._asked or not self._questions:
            return
        self._round = None
        questions = set(self._questions)
        if Question.CRLF in questions & self._answered:
            questions.discard(Question.OPTIONS)
        self._asked = dict.fromkeys(questions, now)
        if Question.WEBSOCKET in questions:
            self._pings = True
        if Question.CRLF in questions:
            self._endpoint.transactions.queue(PING)
        if Question.OPTIONS in questions:
            self._send_options(now)

    def _send_options(self, now: Seconds) -> None:
        endpoint = self._endpoint
        request = endpoint.new_request("OPTIONS", f"sip:{endpoint.settings.domain}")
        # To whoever holds the other end of this connection, not to whom a Service-Route leads.
        self._options = endpoint.transactions.send(
            request.without("Route"), self._responded, now, next_sequence=lambda: 1
        )
        self._options.abandoned = True  # a challenge is a sign of life too, and needs no second attempt

    def _responded(self, response: Response, _request: Request, _now: Seconds) -> None:
        if response.status >= 200 and not response.local:
            self._answered.add(Question.OPTIONS)

    # Time.

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        if self.verdict:
            return None
        if self._asked:
            return later(min(self._asked.values()), self._settings.patience)
        return self._round

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return
        if self._asked and now - deadline < _STALLED:
            self._unanswered(now)
        else:
            self._settle()
            self.ask(now)

    def _unanswered(self, now: Seconds) -> None:
        """Nobody has answered in time."""
        for question, asked in tuple(self._asked.items()):
            silent = self._heard is None or self._heard < asked
            if question in self._answered or (question is Question.WEBSOCKET and silent):
                self.verdict = _SILENT if silent else _WORDS[question]
                return
            self._questions.discard(question)
        self._settle()
        self._rest(now)
