"""JSON schemas: of values whose types Python knows, for programs that read what Patron writes."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["Schema", "schema_of"]

Schema = dict[str, Any]
KINDS: Mapping[Any, str | list[str]] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    NoneType: "null",
    datetime: "string",
    float: ["number", "null"],  # null where nobody knows
}


def schema_of(kind: Any) -> Schema:
    """Return the JSON Schema of a type: of plain values, lists, mappings, typed dictionaries and data classes.

    Args:
        kind: the type; a text in `Annotated` says what it means.

    >>> schema_of(Annotated[list[int], "of customers"])
    {'type': 'array', 'items': {'type': 'integer'}, 'description': 'of customers'}
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return schema_of(arguments[0]) | {"description": arguments[1]}
    if origin is NotRequired:
        return schema_of(arguments[0])
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(each) for each in arguments]}
    if origin in (list, tuple):
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    return _object(kind) if is_typeddict(kind) or is_dataclass(kind) else {"type": KINDS[kind]}


def _object(kind: Any) -> Schema:
    """Return the schema of a dictionary whose keys are known; another key is a mistake."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        "type": "object",
        "description": kind.__doc__.partition("\n")[0],
        "properties": {name: schema_of(hint) for name, hint in hints.items()},
        "required": [name for name in hints if name in getattr(kind, "__required_keys__", hints)],
        "additionalProperties": False,
    }
