"""[I/O] The supplementary services of a client: redirection, forwarding, do not disturb, pickup, lamps."""

from collections.abc import Mapping
from dataclasses import replace

from appliance.calls import destination
from appliance.calls.call import Call
from appliance.calls.dialog_info import Lamp
from appliance.calls.ports import RedirectBy
from appliance.calls.screening import Forwarding
from appliance.calls.service_events import DoNotDisturbChanged
from appliance.calls.switchboard import Switchboard
from appliance.errors import UsageError
from appliance.units import Seconds


class ClientServices:
    """What a telephone exchange calls so; part of `Client`."""

    _board: Switchboard

    async def connect(self, *, connect_token: str) -> Call:
        """Pick up the call that `connect_token` is of (`Call.connect_token`): from another unit, or after a crash.

        The far end is asked to put this call in the place of the other, which ends (Replaces, RFC 3891); it does so
        without ringing. Returns when the INVITE is out, as `call` does, and raises the same.
        """
        return await self._board.connect(connect_token)

    @property
    def contact_uri(self) -> str:
        """Where this unit alone is reached, among all of its user: its GRUU or Contact; "" while not registered."""
        return self._board.line.contact if self._board.line.registered else ""

    async def redirect(self, dest: str, uuid: str | None = None, *, by: RedirectBy = "302") -> bool:
        """Send the caller of the incoming call `uuid`, or of the latest, elsewhere; see `Call.redirect`."""
        return await self._board.table.waiting(uuid).redirect(dest, by=by)

    async def conference(self, *calls: Call) -> bool:
        """Let the far ends of these calls hear each other and us: none hears itself. True once they do.

        Those on hold are resumed; False if a far end refuses that, and nothing has changed. `ConferenceChanged` tells
        who is in it: whoever is put on hold or hangs up leaves it, and with the last but one it is over. `mute` keeps
        our microphone from all of them.

        Raises:
            UsageError: it is not 2 to 4 different calls.
            StateError: one of them is not answered.
        """
        return await self._board.services.conferences.join(calls)

    @property
    def do_not_disturb(self) -> bool:
        """Calls are turned away without ringing; `CallTurnedAway` tells of each. Calls that are there go on."""
        return self._board.services.reception.screening.do_not_disturb

    @do_not_disturb.setter
    def do_not_disturb(self, on: bool) -> None:
        if on != self._board.services.reception.screening.do_not_disturb:
            self._board.services.reception.screening.do_not_disturb = on
            self._board.emit(DoNotDisturbChanged(on=on))

    @property
    def forwarding(self) -> Forwarding:
        """Where calls are sent at present, as SIP URIs."""
        return self._board.services.reception.screening.forwarding

    def forward(
        self,
        *,
        always: str | None = None,
        busy: str | None = None,
        no_answer: str | None = None,
        after: Seconds | None = None,
    ) -> None:
        """Send calls elsewhere from now on (302, RFC 3261 §21.3.3); what is None stays as it is, "" ends it.

        Args:
            always: every call, without ringing.
            busy: calls while we are busy.
            no_answer: calls that nobody has answered `after` seconds.
            after: 1-180 seconds.

        Raises:
            UsageError: one of them can't be called, or is ourselves.
        """
        named = {"always": always, "busy": busy, "no_answer": no_answer}
        targets = {name: self._target(name, dest) for name, dest in named.items() if dest is not None}
        seconds = self.forwarding.after if after is None else after
        self._board.services.reception.screening.forwarding = replace(self.forwarding, after=seconds, **targets)

    def _target(self, name: str, dest: str) -> str:
        if not dest:
            return ""
        uri = destination.uri(dest, self._board.settings.sip_domain)
        if uri.partition(":")[2].partition(";")[0] == self._board.own_uri.partition(":")[2]:
            raise UsageError(f"{name}: {dest!r} is this line itself")
        return uri

    # Lamps.

    def watch(self, dest: str) -> Lamp:
        """Watch what the telephones of `dest` do (busy lamp field, RFC 4235), also after the line was lost.

        `LampChanged` tells each change; what is returned is known now, mostly "unknown".

        Raises:
            UsageError: `dest` is no address.
            StateError: 64 addresses are watched already.
        """
        return self._board.services.lamps.watch(destination.uri(dest, self._board.settings.sip_domain))

    def unwatch(self, dest: str) -> None:
        """Watch it no longer."""
        self._board.services.lamps.unwatch(destination.uri(dest, self._board.settings.sip_domain))

    @property
    def lamps(self) -> Mapping[str, Lamp]:
        """What is shown of each address that is watched, by SIP URI."""
        return self._board.services.lamps.shown
