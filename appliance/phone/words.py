"""Every word the telephone shows, in one table: another language is another `Words`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


def _english_reasons() -> Mapping[int, str]:
    return MappingProxyType(
        {
            401: "Password refused",
            403: "Not allowed",
            404: "Number not found",
            407: "Password refused",
            408: "No answer",
            410: "Number gone",
            415: "No common codec",
            480: "Not available",
            482: "Call goes in circles",
            483: "Call goes in circles",
            484: "Number incomplete",
            486: "Busy",
            487: "Cancelled",
            488: "No common codec",
            500: "Fault at the exchange",
            501: "Fault at the exchange",
            502: "Fault at the exchange",
            503: "Service unavailable",
            504: "Exchange not reached",
            600: "Busy",
            603: "Call declined",
            604: "Number not found",
            606: "No common codec",
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words by their place on the screens."""

    starting: str = "Starting"
    one_moment: str = "One moment, please"
    connecting: str = "Connecting"
    ready_hint: str = "Lift or dial a number"
    do_not_disturb: str = "Do not disturb"
    do_not_disturb_hint: str = "A lets calls ring"
    offline: str = "Not connected"
    offline_hint: str = "Check network cable"
    refused: str = "Not registered"
    refused_hint: str = "Check user and password"
    missed: str = "Missed"
    handset_off: str = "Handset off"
    replace_handset: str = "Replace the handset"
    number: str = "Number"
    call_offered: str = "Please call"
    this_is: str = "This is"
    lift_to_call: str = "Lift handset to call"
    dial_a_number: str = "Dial a number"
    redial_hint: str = "D redials"
    hash_calls: str = "# calls   C deletes"
    calling: str = "Calling"
    ringing: str = "Ringing"
    listening: str = "Connecting"
    hang_up_cancels: str = "Hang up to cancel"
    incoming: str = "Incoming call"
    lift_answers: str = "Lift to answer   C rejects"
    unknown_caller: str = "Unknown caller"
    answering: str = "Answering"
    in_call: str = "In call"
    in_call_hint: str = "A mute   B hold"
    muted: str = "Muted"
    muted_hint: str = "A opens microphone"
    on_hold: str = "On hold"
    hold_hint: str = "B resumes"
    reconnecting: str = "Reconnecting"
    reconnecting_hint: str = "Please hold the line"
    held_by_peer: str = "Held by other side"
    waiting: str = "Calls too"
    """Before the name of somebody who calls while another is talked with."""
    waiting_hint: str = "B answers   C rejects"
    swap_hint: str = "B swaps   D connects"
    back_hint: str = "B: back to"
    recall_refuse: str = "0  refuse"
    recall_end: str = "0  hang up on"
    recall_take: str = "1  end this call, take"
    recall_swap: str = "2  hold this call, take"
    recall_join: str = "3  all together"
    recall_transfer: str = "4  connect them"
    conference: str = "Conference"
    with_hint: str = "together with"
    recall_hint: str = "Press a digit"
    busy: str = "Busy"
    call_failed: str = "No connection"
    call_ended: str = "Call ended"
    please_hang_up: str = "Please hang up"
    not_allowed: str = "Not allowed here"
    wrong_number: str = "Not a number"
    no_answer: str = "No answer"
    could_not_connect: str = "Could not connect"
    reasons: Mapping[int, str] = field(default_factory=_english_reasons)
    """SIP status to words; a status that is not here is looked up by its class, then shown by its number."""

    classes: Mapping[int, str] = field(
        default_factory=lambda: MappingProxyType(
            {3: "Number has moved", 4: "Call refused", 5: "Fault at the exchange", 6: "Call refused"}
        )
    )

    def reason(self, status: int) -> str:
        """A SIP status in words; 0 is "Could not connect"."""
        known = self.reasons.get(status) or self.classes.get(status // 100)
        return known or self.could_not_connect


ENGLISH: Final = Words()
