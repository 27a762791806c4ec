"""What is known of one call, gathered while it lasts; `CallInfo` is a picture of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from appliance.calls import headers
from appliance.calls.call_info import CallInfo, CallState, Direction
from appliance.calls.identity import Identity, identity
from appliance.sip.events import HeaderPairs, Incoming, Reason


@dataclass(slots=True, kw_only=True)
class CallFacts:
    """Grows with what the far end says; each field as in `CallInfo`."""

    direction: Direction
    uuid: str
    src: str
    dest: str
    caller_name: str = ""
    sip_call_id: str = ""
    extra_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    former_uuid: str = ""
    """Ours, once the far end has named the call itself."""
    originator: str = ""
    reason: str = ""
    protocol: str = ""
    code: int = 0
    replaces: str = ""
    identifier: str = ""
    identity: Identity = field(default_factory=Identity)

    @classmethod
    def of_incoming(cls, event: Incoming, uuid: str, *, replaces: str = "", identifier: str = "") -> Self:
        """What an INVITE says."""
        return cls(
            direction=Direction.INCOMING,
            uuid=uuid,
            src=event.from_uri,
            dest=event.to_uri,
            caller_name=event.from_name,
            sip_call_id=event.call_id,
            extra_headers=headers.received(event.headers),
            replaces=replaces,
            identifier=identifier,
            identity=identity(event.headers),
        )

    def named(self, uuid: str) -> bool:
        """The call is known by `uuid`, or was."""
        return bool(uuid) and uuid in (self.uuid, self.former_uuid)

    def adopt(self, pairs: HeaderPairs) -> None:
        """Take the far end's name for the call, once."""
        uuid = headers.call_uuid(pairs)
        if uuid and not self.former_uuid and uuid != self.uuid:
            self.former_uuid, self.uuid = self.uuid, uuid

    def end(self, originator: str, status: int, text: str, reason: Reason | None) -> None:
        """Who ended it and why: the Reason header if there was one, else the status and `text`."""
        self.originator = originator
        if reason is not None:
            self.protocol, self.code, self.reason = reason.protocol, reason.code or 0, reason.text
        else:
            self.protocol, self.code, self.reason = "SIP" if status else "", status, text

    def info(self, state: CallState) -> CallInfo:
        """A picture of now."""
        return CallInfo(
            call_uuid=self.uuid,
            sip_call_id=self.sip_call_id,
            direction=self.direction,
            state=state,
            src=self.src,
            dest=self.dest,
            caller_name=self.caller_name,
            extra_headers=self.extra_headers,
            originator=self.originator,
            reason=self.reason,
            protocol=self.protocol,
            code=self.code,
            replaces=self.replaces,
            identifier=self.identifier,
            asserted_uri=self.identity.asserted_uri,
            asserted_name=self.identity.asserted_name,
            diverted=self.identity.diverted,
            caller_info=self.identity.caller_info,
        )
