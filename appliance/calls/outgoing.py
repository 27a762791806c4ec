"""[I/O] The INVITEs of one call of ours: the first, and those that follow when the far end sends it elsewhere."""

import logging

from appliance.calls import cause as causes
from appliance.calls.cause import Cause
from appliance.calls.headers import first
from appliance.calls.ports import CallHome
from appliance.calls.redirection import Redirection
from appliance.errors import ApplianceError
from appliance.media.session import MediaSession
from appliance.sip.events import Failed, HeaderPairs, InviteId

log = logging.getLogger(__name__)


class Outgoing:
    """All of them carry the same offer and headers, and the same Call-ID (RFC 3261 §8.1.3.4).

    Attributes:
        call_id: the Call-ID; "" before the first.
    """

    def __init__(self, home: CallHome) -> None:
        self._home = home
        self._redirection = Redirection(home.settings.services.follow_redirects)
        self._target, self._offer = "", b""
        self._extra: HeaderPairs = ()
        self.call_id = ""

    def send(self, target: str, offer: str, extra: HeaderPairs) -> InviteId:
        """The first. Raises what keeps it from going out."""
        self._target, self._offer, self._extra = target, offer.encode(), extra
        self._redirection.began(target)
        invite = self._home.agent.invite(target, self._offer, headers=(*extra, *self._home.own_headers))
        self.call_id = self._home.agent.call_id(invite)
        return invite

    async def anew(self, media: MediaSession) -> InviteId | None:
        """The first once more, as a call of its own with an offer of its own; None if that can't be done."""
        media.renew()
        try:
            return self.send(self._target, await media.create_offer(), self._extra)
        except ApplianceError as error:
            log.info("the call can't be made anew: %s", error)
            return None

    def send_again(self, target: str) -> InviteId | None:
        """Another, to `target`; None if that can't be called."""
        self._redirection.began(target)
        try:
            headers = (*self._extra, *self._home.own_headers)
            return self._home.agent.invite(target, self._offer, headers=headers, call_id=self.call_id)
        except ApplianceError as error:
            log.info("the far end sent us to where we can't go: %s", error)
            return None

    def cause(self, refusal: Failed) -> Cause:
        """Why the call failed."""
        code = first(refusal.headers, f"{self._home.settings.token_header}-Error-Code")
        return causes.token_failure(code) or causes.call_failure(refusal.status, local=refusal.local)

    def elsewhere(self, refusal: Failed) -> str:
        """Where to go after a refusal, "" if it is the last word."""
        return "" if refusal.local else self._redirection.next(refusal.status, refusal.contacts)
