"""The calls behind the one in front: held ones and waiting ones, and how they change places with it.

Nothing opens a microphone here but a person's key: a call that comes to the front because another ended stays held.
"""

from dataclasses import replace

from appliance.phone.actions import Action, Answer, HangUp, Reject, SetHold, Swap, Transfer
from appliance.phone.inputs import CallEnded, CallRestored, IncomingCall
from appliance.phone.lines import LineCall
from appliance.phone.state import Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds


def offered(state: State, event: IncomingCall, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after somebody calls while there may be calls already."""
    if named(state, event.call) is not None:
        return state, ()
    call = LineCall(call=event.call, number=event.number, name=event.name, incoming=True)
    if state.phase in {Phase.IDLE, Phase.PRE_DIALLING}:
        return entered(replace(state, call=call, peer=call.peer), Phase.RINGING, now, settings), ()
    busy = state.urgent or state.calls >= settings.most_calls
    if busy or state.phase not in {Phase.RINGING, Phase.IN_CALL, Phase.ON_HOLD, Phase.RECALL, Phase.OFFERED}:
        return state, (Reject(event.call),)
    return replace(state, others=(*state.others, call)), ()


def restored(state: State, event: CallRestored, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after a call of a former run of the program has come back."""
    if named(state, event.call) is not None:
        return state, ()
    room = state.calls < settings.most_calls and (state.call is None or event.held)
    if not state.hook.off_hook or not room:
        # Whoever talked has put the handset down meanwhile: then the call is over.
        return state, (HangUp(event.call),)
    call = LineCall(
        call=event.call,
        number=event.number,
        name=event.name,
        incoming=event.incoming,
        answered_at=Seconds(now - event.talked),
        held=event.held,
        muted=event.muted,
    )
    if state.call is not None:
        return replace(state, others=(*state.others, call)), ()
    return established(replace(state, call=call, peer=call.peer), now, settings), ()


def named(state: State, name: str) -> LineCall | None:
    """The call of that name, in front or behind."""
    front = (state.call,) if state.call is not None else ()
    return next((call for call in (*front, *state.others) if call.call == name), None)


def changed(state: State, call: LineCall) -> State:
    """`state` with what is known now of the call of that name."""
    if state.call is not None and state.call.call == call.call:
        return replace(state, call=call)
    return replace(state, others=tuple(call if other.call == call.call else other for other in state.others))


def joined(state: State, names: tuple[str, ...]) -> State:
    """`state` with these calls in a conference, and no others."""
    call = state.call
    return replace(
        state,
        call=call if call is None else replace(call, joined=call.call in names),
        others=tuple(replace(other, joined=other.call in names) for other in state.others),
    )


def connected(state: State) -> Step:
    """The one who is held and the one who is talked with talk with each other, and we leave when they do."""
    if state.call is None or not state.held:
        return state, ()
    return state, (Transfer(call=state.held[-1].call, to=state.call.call),)


def without(state: State, gone: LineCall) -> tuple[LineCall, ...]:
    """The calls behind, `gone` left out."""
    return tuple(call for call in state.others if call is not gone)


def ended(state: State, call: LineCall, event: CallEnded, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after a call behind has ended."""
    state = replace(state, others=without(state, call))
    if not call.answered:
        state = with_missed(state, call, missed=not event.elsewhere)
    if state.phase is Phase.RECALL and not state.others:
        state = established(state, now, settings)
    return state, ()


def with_missed(state: State, call: LineCall, *, missed: bool) -> State:
    """`state` after `call` came to nothing."""
    return replace(state, missed=state.missed + 1, missed_peer=call.peer) if missed else state


def established(state: State, now: Seconds, settings: PhoneSettings) -> State:
    """The call in front, talked with or on hold."""
    held = state.call is not None and state.call.held
    return entered(state, Phase.ON_HOLD if held else Phase.IN_CALL, now, settings)


def after_front(state: State, phase: Phase, now: Seconds, settings: PhoneSettings) -> State:
    """`state` after the call in front is over: what is behind comes first, else `phase` with its tone.

    The tone of a call that failed is heard before a held call comes back.
    """
    if state.waiting:
        call = state.waiting[0]
        front = replace(state, call=call, others=without(state, call), peer=call.peer)
        return entered(front, Phase.OFFERED, now, settings)
    if state.held and phase is Phase.ENDED:
        return back(state, now, settings)
    return entered(state, phase, now, settings)


def back(state: State, now: Seconds, settings: PhoneSettings) -> State:
    """`state` with the call that was held last in front again, still held."""
    call = state.held[-1]
    front = replace(state, call=call, others=without(state, call), peer=call.peer)
    return established(front, now, settings)


def resumed(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """Somebody wants to talk with the call that was held last; what is in front instead is ended."""
    end: tuple[Action, ...] = (HangUp(state.call.call),) if state.call is not None and state.call.call else ()
    state = back(state, now, settings)
    assert state.call is not None
    return state, (*end, SetHold(state.call.call, held=False))


def consulted(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """Somebody wants a dial tone while the call in front waits on hold."""
    call = state.call
    if call is None or state.calls >= settings.most_calls:
        return state, ()
    hold = () if call.held else (SetHold(call.call, held=True),)
    behind = replace(state, call=None, others=(*state.others, call))
    return entered(behind, Phase.DIAL_TONE if state.line.ready else Phase.UNAVAILABLE, now, settings), hold


def taken(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """Somebody answers the call that has waited longest; the one in front is held."""
    call = state.waiting[0]
    front = () if state.call is None else (state.call,)
    others = (*without(state, call), *front)
    answering = replace(state, call=call, others=others, peer=call.peer)
    return entered(answering, Phase.ANSWERING, now, settings), (Answer(call.call),)


def swapped(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The call in front and the one that was held last change places."""
    former, call = state.call, state.held[-1]
    assert former is not None
    action: Action = SetHold(call.call, held=False) if former.held else Swap(held=former.call, resumed=call.call)
    front = replace(state, call=call, others=(*without(state, call), former), peer=call.peer)
    return established(front, now, settings), (action,)


def toggled(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The other call, please: whoever waits, else whom we hold."""
    if state.waiting:
        return taken(state, now, settings)
    if state.held:
        return swapped(state, now, settings)
    return established(state, now, settings), ()


def hold_refused(state: State, name: str, now: Seconds, settings: PhoneSettings) -> Step:
    """The call of that name could not be put on hold: it is heard and hears us, so it belongs to the front."""
    call = next((other for other in state.held if other.call == name), None)
    if call is None:
        return state, ()
    former = state.call
    behind: tuple[LineCall, ...] = ()
    end: tuple[Action, ...] = ()
    if former is not None and (former.answered or state.phase is Phase.OFFERED):
        behind = (former,)
    elif former is not None and former.call:
        end = (HangUp(former.call),)
    front = replace(state, call=replace(call, held=False), others=(*without(state, call), *behind), peer=call.peer)
    return established(front, now, settings), end


def released(state: State) -> tuple[Action, ...]:
    """What ends every call there is but those that nobody has answered yet."""
    front = () if state.call is None else (state.call,)
    return tuple(HangUp(call.call) for call in (*front, *state.held) if call.call)
