"""Whether schemas only grew: readers and senders of an older one must not notice the newer.

What a unit sends keeps every field in each of its messages. What it is sent gains no field that must be there.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from appliance.mqtt.catalogue import Sender, messages
from appliance.mqtt.schema import Schema

_WORDS: Final = frozenset({"description", "title", "default", "$schema"})
"""What may change without anybody's noticing."""
_LIMITS: Final = frozenset({"maxLength", "maxItems", "maxProperties", "maximum"})
_GROWING: Final = frozenset({"properties", "$defs", "enum", "required"})


def losses(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[str]:
    """What `after` takes away from those who know `before`, both by message, in sentences; none if it only grew."""
    sent = {message.name for message in messages() if message.sender is Sender.UNIT}
    gone = [f"{name}: is gone" for name in before if name not in after]
    return gone + [
        f"{name}: {loss}"
        for name in sorted(set(before) & set(after))
        for loss in _losses("", before[name], after[name], sent=name in sent)
    ]


def _losses(place: str, before: Any, after: Any, *, sent: bool) -> Iterator[str]:
    if not isinstance(before, dict) or not isinstance(after, dict):
        if before != after:
            yield f"{place or 'it'} was {before!r} and is {after!r}"
        return
    for key in sorted({*before, *after} - _WORDS - _GROWING):
        inner = f"{place} {key}".strip()
        if key in _LIMITS and isinstance(before.get(key), int | float) and isinstance(after.get(key), int | float):
            if not sent and after[key] < before[key]:
                yield f"{inner} was {before[key]} and is {after[key]}"
        else:
            yield from _losses(inner, before.get(key), after.get(key), sent=sent)
    yield from _of_lists(place, before, after, sent=sent)
    for group in ("properties", "$defs"):
        for name, schema in before.get(group, {}).items():
            inner = f"{place} {name}".strip()
            if name not in after.get(group, {}):
                yield f"{inner} is gone"
            else:
                yield from _losses(inner, schema, after[group][name], sent=sent)


def _of_lists(place: str, before: Schema, after: Schema, *, sent: bool) -> Iterator[str]:
    for value in before.get("enum", ()):
        if value not in after.get("enum", ()):
            yield f"{place} can no longer be {value!r}"
    was, now = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(was - now if sent else now - was):
        yield f"{place} {name} may be missing".strip() if sent else f"{place} {name} is required".strip()
