"""JSON Schema (2020-12) of the messages, from their types: the mirror of `document.py`."""

import ast
import inspect
import textwrap
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, ForwardRef, Literal, NewType, Union, get_args, get_origin, get_type_hints

from appliance.mqtt.catalogue import Message, Sender
from appliance.mqtt.document import MAX_ITEMS, MAX_TEXT, document, is_private
from appliance.mqtt.limits import Letters, Range

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]
"""One schema, as JSON."""

_TEXT: Final[Schema] = {"type": "string", "maxLength": MAX_TEXT}


def schema_of(message: Message) -> Schema:
    """The schema of one message. What a unit publishes has all its fields; what it is sent, those without a default."""
    types_of = _Types(published=message.sender is Sender.UNIT)
    merged: Schema = {"type": "object", "properties": {}, "required": []}
    for part in message.parts:
        of_part = types_of.object(part)
        for name, schema in of_part["properties"].items():
            merged["properties"].setdefault(name, schema)
        merged["required"] += [name for name in of_part["required"] if name not in merged["required"]]
    constant = {"event": message.address.rpartition("/")[2]} if message.address.startswith("event/") else {}
    for name, value in (constant | ({"kind": message.variant} if message.variant else {})).items():
        merged["properties"][name]["const"] = value
    head = {"$schema": DIALECT, "title": message.name, "description": _sentence(message.parts[-1])}
    return head | merged | ({"$defs": dict(sorted(types_of.defined.items()))} if types_of.defined else {})


class _Types:
    """Types as schemas; dataclasses within dataclasses become definitions."""

    def __init__(self, *, published: bool) -> None:
        self.defined: dict[str, Schema] = {}
        self._published = published

    def object(self, kind: type) -> Schema:
        """A dataclass."""
        hints = get_type_hints(kind, include_extras=True)
        said = _field_docs(kind)
        named: tuple[Field[Any], ...] = fields(kind)
        result: Schema = {"type": "object", "properties": {}, "required": []}
        for field in named:
            schema = {"type": "string"} if is_private(field.name) else self._of(hints[field.name])
            if field.name in said:
                schema = {**schema, "description": said[field.name]}
            optional = field.default is not MISSING or field.default_factory is not MISSING
            if optional and field.default is not MISSING and not self._published:
                schema = {**schema, "default": document(field.default)}
            result["properties"][field.name] = schema
            if self._published or not optional:
                result["required"].append(field.name)
        return result

    def _of(self, kind: Any) -> Schema:
        origin, arguments = get_origin(kind), get_args(kind)
        if isinstance(kind, NewType):
            return self._of(kind.__supertype__)
        if origin is Annotated:
            return self._of(arguments[0]) | _limited(arguments[1:])
        if origin in {Union, types.UnionType}:
            return self._union(arguments)
        if origin is Literal:
            return {"enum": [document(value) for value in arguments]}
        if isinstance(origin or kind, type):
            return self._of_class(origin or kind, arguments)
        return {}

    def _of_class(self, kind: type, arguments: tuple[Any, ...]) -> Schema:
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if is_dataclass(kind):
            if kind.__name__ not in self.defined:
                self.defined[kind.__name__] = {}  # a type may hold itself
                self.defined[kind.__name__] = {"description": _sentence(kind)} | self.object(kind)
            return {"$ref": f"#/$defs/{kind.__name__}"}
        if issubclass(kind, Enum):
            return {"enum": [document(member) for member in kind]}
        if issubclass(kind, Mapping):
            values = self._of(arguments[1]) if arguments else {}
            return {"type": "object", "additionalProperties": values or True, "maxProperties": MAX_ITEMS}
        if issubclass(kind, Sequence | AbstractSet):
            return {"type": "array", "items": self._items(arguments), "maxItems": MAX_ITEMS}
        return dict(_TEXT)  # what `document` knows nothing of, it says in its own words

    def _items(self, arguments: tuple[Any, ...]) -> Schema:
        kinds = [kind for kind in arguments if kind is not Ellipsis]
        return self._union(tuple(kinds)) if kinds else {}

    def _union(self, kinds: tuple[Any, ...]) -> Schema:
        if any(kind is Any or isinstance(kind, ForwardRef) for kind in kinds):
            return {}
        each = [self._of(kind) for kind in kinds]
        if len(each) == 1:
            return each[0]
        if all(set(schema) == {"type"} for schema in each):
            return {"type": [schema["type"] for schema in each]}
        return {"anyOf": each}


_PLAIN: Final[Mapping[type, Schema]] = {
    type(None): {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: _TEXT,
    bytes: _TEXT,
    object: {},
    datetime: {"type": "string", "format": "date-time"},
}


def _limited(limits: tuple[object, ...]) -> Schema:
    result: Schema = {}
    for limit in limits:
        match limit:
            case Range(low=low, high=high):
                result |= {"minimum": low, "maximum": high}
            case Letters(longest=longest, pattern=pattern):
                result |= {"maxLength": longest} | ({"pattern": f"^{pattern}$"} if pattern else {})
    return result


def _sentence(kind: type) -> str:
    """What a type's docstring says first."""
    said = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
    return " ".join(said.split())


@cache
def _field_docs(kind: type) -> Mapping[str, str]:
    """The strings under a dataclass's fields; those of the classes that it extends too."""
    result: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if is_dataclass(base):
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            assert isinstance(body, ast.ClassDef)
            result |= _docs_in(body)
    return result


def _docs_in(body: ast.ClassDef) -> dict[str, str]:
    result = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                result[name] = " ".join(said.split())
    return result
