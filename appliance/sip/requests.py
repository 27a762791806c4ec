"""Our requests outside the INVITE machinery: INFO, OPTIONS, MESSAGE and the like, to a URI or in a dialog."""

from itertools import count

from appliance.errors import UsageError
from appliance.sip.commands import check_headers, check_method, check_target, check_text
from appliance.sip.endpoint import Endpoint
from appliance.sip.events import HeaderPairs, InviteId, RequestId, ResponseReceived
from appliance.sip.message import Request, Response, phrase
from appliance.sip.transactions import OnResponse
from appliance.sip.usages import Usages
from appliance.units import Seconds


class Requests:
    """Sends them, and tells the final response of each."""

    def __init__(self, endpoint: Endpoint, usages: Usages) -> None:
        self._endpoint = endpoint
        self._usages = usages
        self._identifiers = map(RequestId, count(1))

    def send(
        self,
        method: str,
        target: str | InviteId,
        *,
        headers: HeaderPairs,
        content_type: str,
        body: bytes,
        now: Seconds,
    ) -> RequestId:
        """Send a request, to a URI or in the dialog of an INVITE. Raises `UsageError`."""
        check_method(method)
        check_text(content_type, "content_type")
        if body and not content_type:
            raise UsageError("content_type: a body needs one")
        described: HeaderPairs = (("Content-Type", content_type),) if body else ()
        identifier = next(self._identifiers)
        on_response = self._reporter(identifier)
        if isinstance(target, str):
            uri = check_target(target, self._endpoint.settings.domain)
            contact: HeaderPairs = (("Contact", self._endpoint.contact),) if method != "MESSAGE" else ()
            own = (*contact, *check_headers(headers), *described)
            request = self._endpoint.new_request(method, uri, own, body)
            numbers = count(2)
            self._endpoint.transactions.send(request, on_response, now, next_sequence=lambda: next(numbers))
        else:
            usage = self._usages.find(target)
            own = (*check_headers(headers), *described)
            sent = usage is not None and usage.request(method, own, body, on_response, now)
            if not sent:
                gone = Response(status=481, reason=phrase(481), headers=(), local=True)
                on_response(gone, Request(method=method, uri="", headers=()), now)
        return identifier

    def _reporter(self, identifier: RequestId) -> OnResponse:
        def report(response: Response, _request: Request, _now: Seconds) -> None:
            if response.status >= 200:
                self._endpoint.emit(
                    ResponseReceived(
                        request=identifier,
                        status=response.status,
                        reason=response.reason,
                        local=response.local,
                        headers=() if response.local else response.headers,
                        body=response.body,
                    )
                )

        return report
