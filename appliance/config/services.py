"""[services]: transfer, forwarding, do not disturb, calls that the unit answers by itself, lamps, waiting messages."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.config import formats
from appliance.config.table import Table
from appliance.units import Seconds


class Transfers(StrEnum):
    """Where the far end of a call may send us."""

    FOLLOW = "follow"
    """Anywhere."""
    DOMAIN = "domain"
    """Within our SIP domain."""
    REFUSE = "refuse"


class LampWatchers(StrEnum):
    """Who may see whether we ring or talk; never with whom."""

    DOMAIN = "domain"
    NOBODY = "nobody"


class BusyStatus(StrEnum):
    """What a caller hears of do not disturb."""

    BUSY = "busy"
    """486: as if somebody talked."""
    UNAVAILABLE = "unavailable"
    """480: other telephones of the same user go on ringing."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The whole table."""

    transfers: Transfers = Transfers.FOLLOW
    """Where the far end of a call may send us."""
    follow_redirects: int = 5
    """How often a call of ours may be sent on before it is answered, 0 to 20."""
    forward_always: str = ""
    """A user of our domain who gets every call."""
    forward_busy: str = ""
    """Who gets the calls that come while we are busy."""
    forward_no_answer: str = ""
    """Who gets those that nobody answers …"""
    forward_after: Seconds = Seconds(20.0)
    """… for so many seconds, 1 to 180."""
    do_not_disturb: BusyStatus = BusyStatus.BUSY
    """What a caller hears of do not disturb."""
    auto_answer: tuple[str, ...] = ()
    """Users of our domain whose calls the unit may answer by itself, after a beep, if the call asks for it."""
    auto_answer_always: bool = False
    """Also if it does not ask."""
    auto_answer_delay: Seconds = Seconds(0.0)
    """Seconds that such a call rings before, 0 to 30."""
    message_waiting: bool = False
    """Ask whether messages wait."""
    lamp_watchers: LampWatchers = LampWatchers.DOMAIN
    """Who may see whether we ring or talk."""


def services(table: Table) -> Services:
    """Read it; what is wrong is complained of."""
    read = Services(
        transfers=table.choice("transfers", Services.transfers),
        follow_redirects=table.integer("follow_redirects", Services.follow_redirects, 0, 20),
        forward_always=table.text("forward_always", check=formats.sip_user),
        forward_busy=table.text("forward_busy", check=formats.sip_user),
        forward_no_answer=table.text("forward_no_answer", check=formats.sip_user),
        forward_after=Seconds(table.number("forward_after", Services.forward_after, 1.0, 180.0)),
        do_not_disturb=table.choice("do_not_disturb", Services.do_not_disturb),
        auto_answer=table.texts("auto_answer", check=formats.sip_user),
        auto_answer_always=table.flag("auto_answer_always", default=Services.auto_answer_always),
        auto_answer_delay=Seconds(table.number("auto_answer_delay", Services.auto_answer_delay, 0.0, 30.0)),
        message_waiting=table.flag("message_waiting", default=Services.message_waiting),
        lamp_watchers=table.choice("lamp_watchers", Services.lamp_watchers),
    )
    if read.auto_answer_always and not read.auto_answer:
        table.complain("auto_answer_always", "services.auto_answer_always is of no use without services.auto_answer")
    table.finish()
    return read
