"""A value that fits a JSON Schema: the arguments of an invented call, the body of a structured answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swebench_runner.providers.core.json import JSON, JSONObject

MAX_DEPTH = 8
INVENTED = "sample-"
TEXT_NAMES = ("patch", "diff", "answer", "text", "content", "response", "output")


def sample(schema: JSONObject, number: int = 0) -> JSON:
    """A value for `schema`; other numbers give other values where the schema leaves room.

    Every property is filled, required or not; `$ref` is resolved inside the schema. What the schema
    does not say stays a short string.
    """
    return _sample(schema, schema, number, 0)


def sample_with_text(schema: JSONObject, text: str) -> JSON:
    """A value for `schema` that carries `text` in the property made for it, or in its first string."""
    value = sample(schema)
    if isinstance(value, str):
        return text if value.startswith(INVENTED) else value
    if not isinstance(value, Mapping):
        return value
    strings = [name for name, part in value.items() if isinstance(part, str) and part.startswith(INVENTED)]
    home = next((name for name in TEXT_NAMES if name in strings), strings[0] if strings else None)
    return {**value, home: text} if home else value


def _sample(schema: JSONObject, root: JSONObject, number: int, depth: int) -> JSON:
    if "const" in schema:
        return schema["const"]
    choices = schema.get("enum")
    if isinstance(choices, Sequence) and choices:
        return choices[number % len(choices)]
    inner = _inner(schema, root)
    if inner is not None and depth < MAX_DEPTH:
        return _sample(inner, root, number, depth + 1)
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((name for name in kind if name != "null"), "null")
    if kind == "object" or "properties" in schema:
        return _object(schema, root, number, depth)
    if kind == "array":
        return _array(schema, root, number, depth)
    return _scalar(schema, kind, number)


def _inner(schema: JSONObject, root: JSONObject) -> JSONObject | None:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target: JSON = root
        for name in reference.removeprefix("#").strip("/").split("/"):
            target = target.get(name) if isinstance(target, Mapping) else None
        return target if isinstance(target, Mapping) else None
    for word in ("anyOf", "oneOf", "allOf"):
        options = schema.get(word)
        if isinstance(options, Sequence) and not isinstance(options, str):
            for option in options:
                if isinstance(option, Mapping) and option.get("type") != "null":
                    return option
    return None


def _object(schema: JSONObject, root: JSONObject, number: int, depth: int) -> JSON:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or depth >= MAX_DEPTH:
        return {}
    return {
        name: _sample(part, root, number, depth + 1)
        for name, part in properties.items()
        if isinstance(part, Mapping)
    }


def _array(schema: JSONObject, root: JSONObject, number: int, depth: int) -> JSON:
    item = schema.get("items")
    if not isinstance(item, Mapping) or depth >= MAX_DEPTH:
        return []
    least = schema.get("minItems")
    count = max(1, least) if isinstance(least, int) else 1
    return [_sample(item, root, number + index, depth + 1) for index in range(count)]


def _scalar(schema: JSONObject, kind: JSON, number: int) -> JSON:
    if kind in ("integer", "number"):
        least = schema.get("minimum", schema.get("exclusiveMinimum", -1))
        return int(least) + 1 + number if isinstance(least, int | float) else 1 + number
    if kind == "boolean":
        return number % 2 == 0
    if kind == "null":
        return None
    least_length = schema.get("minLength")
    text = f"{INVENTED}{number + 1}"
    return text.ljust(least_length, "x") if isinstance(least_length, int) else text
