"""Every change of phase there is, as rules: from where, what causes it, and where it leads.

A rule allows each of its ways; a run of the machine has to take every rule from each of its phases, by each of its
causes and to each of its ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.phone.state import ESTABLISHED, ON_HOOK, OUTGOING, OVER, Phase

P = Phase
Transition = tuple[Phase, str, Phase]

TONES = OVER | {P.DIAL_TONE}
AT_THE_TELEPHONE = frozenset(Phase) - ON_HOOK - {P.STARTING, P.HANDSET_OFF}
DIALS = TONES | {P.DIALLING}
TONES_ASIDE = TONES - {P.HANG_UP, P.ENDED}
ASIDE = TONES_ASIDE | OUTGOING | {P.DIALLING}
"""Where a telephone can be while another call is held, and none is in front or answered."""


@dataclass(frozen=True)
class Rule:
    what: str
    phases: frozenset[Phase]
    causes: tuple[str, ...]
    ends: tuple[Phase, ...]

    @property
    def ways(self) -> set[Transition]:
        return {
            (phase, cause, end) for phase in self.phases for cause in self.causes for end in self.ends if phase != end
        }


def rule(what: str, phases: Iterable[Phase], causes: str, *ends: Phase) -> Rule:
    return Rule(what, frozenset(phases), tuple(causes.split()), ends)


HANG_UP = "HookChanged TimePassed ButtonPressed"
"""Putting the handset down counts at once or, where it may be a flash, after a moment; hands-free has a button."""

RULES = (
    rule("the first report", [P.STARTING], "HookChanged", P.IDLE, P.HANDSET_OFF),
    rule("hanging up", AT_THE_TELEPHONE - {P.OFFERED}, HANG_UP, P.IDLE),
    rule("hanging up while somebody calls", ESTABLISHED | {P.ANSWERING, P.OFFERED}, HANG_UP, P.RINGING),
    rule("a handset that was off", [P.HANDSET_OFF], "HookChanged", P.IDLE),
    rule("lifting", [P.IDLE], "HookChanged ButtonPressed", P.DIAL_TONE, P.UNAVAILABLE),
    rule("lifting on a number", [P.PRE_DIALLING], "HookChanged ButtonPressed", P.CALLING, P.UNAVAILABLE, P.FAILED),
    rule("lifting on a ring", [P.RINGING], "HookChanged ButtonPressed", P.ANSWERING),
    # Numbers
    rule("a number on-hook", [P.IDLE], "KeyPressed ButtonPressed", P.PRE_DIALLING),
    rule("a number taken back", [P.PRE_DIALLING], "KeyPressed TimePassed", P.IDLE),
    rule("a number off-hook", TONES, "KeyPressed", P.DIALLING),
    rule("all of it taken back", [P.DIALLING], "KeyPressed", P.DIAL_TONE, P.UNAVAILABLE),
    rule("dialled by key", DIALS, "KeyPressed", P.CALLING, P.UNAVAILABLE, P.FAILED),
    rule("dialled by button", TONES, "ButtonPressed", P.CALLING, P.UNAVAILABLE),
    rule("dialled by time", [P.DIALLING], "TimePassed", P.CALLING, P.UNAVAILABLE, P.FAILED),
    rule("called for help again", [P.BUSY, P.FAILED], "TimePassed", P.CALLING),
    rule("a number from far away", [P.IDLE], "CallOffered", P.PRE_DIALLING),
    rule("dialled from far away", [P.DIAL_TONE], "CallOffered", P.CALLING, P.FAILED),
    # A call of ours
    rule("it could not be made", OUTGOING, "DialFailed TimePassed", P.FAILED),
    rule("it rings", [P.CALLING], "RemoteRinging", P.ALERTING),
    rule("it is heard", [P.CALLING, P.ALERTING], "EarlyMediaStarted", P.EARLY_MEDIA),
    rule("it is answered", OUTGOING, "CallAnswered", P.IN_CALL),
    rule("it is refused", OUTGOING, "CallEnded", P.BUSY, P.FAILED),
    # A call for us
    rule("somebody calls", [P.IDLE, P.PRE_DIALLING], "IncomingCall", P.RINGING),
    rule("nobody answers", [P.RINGING], "KeyPressed TimePassed CallEnded CallAnswered", P.IDLE),
    rule("the unit answers by itself", [P.RINGING], "SelfAnswered", P.ANSWERING),
    rule("we are through", [P.ANSWERING], "CallAnswered", P.IN_CALL),
    rule("we are not", [P.ANSWERING], "AnswerFailed TimePassed", P.FAILED, P.OFFERED),
    rule("nobody takes who is offered", [P.OFFERED], "KeyPressed TimePassed CallEnded CallAnswered", P.ENDED),
    # In a call
    rule("held and resumed", [P.IN_CALL, P.ON_HOLD], "HoldChanged", P.ON_HOLD, P.IN_CALL),
    rule("the far end hangs up", [P.IN_CALL, P.ON_HOLD, P.ANSWERING], "CallEnded", P.ENDED),
    rule("another is offered", [*ESTABLISHED, P.ANSWERING], "CallEnded", P.OFFERED),
    rule("back to the other", [*ESTABLISHED, P.ANSWERING], "CallEnded", P.ON_HOLD, P.IN_CALL),
    rule("back from an offer", [P.OFFERED], "CallEnded CallAnswered TimePassed KeyPressed", P.ON_HOLD, P.IN_CALL),
    rule("back from aside", ASIDE, "HookChanged ButtonPressed", P.ON_HOLD, P.IN_CALL),
    rule("back by key", TONES_ASIDE, "KeyPressed", P.ON_HOLD, P.IN_CALL),
    rule("back by time", TONES_ASIDE, "TimePassed", P.ON_HOLD, P.IN_CALL),
    rule("hold refused", [*ASIDE, P.ANSWERING, P.OFFERED, P.ON_HOLD], "HoldRefused", P.IN_CALL),
    # R
    rule("R, with a call aside", [P.IN_CALL, P.ON_HOLD], "HookChanged ButtonPressed", P.RECALL),
    rule("R, alone", [P.IN_CALL, P.ON_HOLD], "HookChanged ButtonPressed", P.DIAL_TONE, P.UNAVAILABLE),
    rule("R answers", [P.OFFERED, P.RECALL], "HookChanged ButtonPressed", P.ANSWERING),
    rule("R and R again", [P.RECALL], "HookChanged ButtonPressed TimePassed", P.ON_HOLD, P.IN_CALL),
    rule("R and a digit", [P.RECALL], "KeyPressed", P.ON_HOLD, P.IN_CALL, P.ANSWERING),
    rule("R and nothing", [P.RECALL], "TimePassed", P.ANSWERING),
    rule("the other goes after R", [P.RECALL], "CallEnded CallAnswered HoldRefused", P.ON_HOLD, P.IN_CALL),
    rule("the other is taken", [P.IN_CALL, P.ON_HOLD, P.OFFERED], "KeyPressed", P.ANSWERING),
    rule("the other by key", [P.IN_CALL, P.ON_HOLD], "KeyPressed", P.ON_HOLD, P.IN_CALL),
    # After a crash
    rule("a call comes back", {*OVER, P.HANDSET_OFF, P.DIAL_TONE, P.DIALLING}, "CallRestored", P.ON_HOLD, P.IN_CALL),
    # The line, and time
    rule("the line goes", [P.DIAL_TONE], "LineChanged", P.UNAVAILABLE),
    rule("the line comes", [P.UNAVAILABLE], "LineChanged", P.DIAL_TONE),
    rule("left off-hook", TONES - {P.HANG_UP}, "TimePassed", P.HANG_UP),
    rule("left off-hook for good", [P.HANG_UP], "TimePassed", P.HANDSET_OFF),
)


def allowed() -> set[Transition]:
    return {way for each in RULES for way in each.ways}


def untaken(taken: set[Transition]) -> list[str]:
    """What no run has shown of each rule."""
    missing: list[str] = []
    for each in RULES:
        seen = each.ways & taken
        missing += [f"{each.what}: from {phase}" for phase in sorted(each.phases - {way[0] for way in seen})]
        missing += [f"{each.what}: by {cause}" for cause in sorted(set(each.causes) - {way[1] for way in seen})]
        missing += [f"{each.what}: to {end}" for end in sorted(set(each.ends) - {way[2] for way in seen})]
    return missing
