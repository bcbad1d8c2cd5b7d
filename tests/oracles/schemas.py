"""The vendors' specifications as validators of request bodies."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPECS = Path(__file__).resolve().parents[3] / "shared" / "data" / "specs"
ABSENT = "no specifications: shared/data/specs is not beside this checkout"
# Fields that a specification does not name, and why they are right all the same.
UNNAMED = {
    "anthropic_messages": {
        "temperature": "gone from the newest SDK's types, understood under version 2023-06-01",
        "top_p": "the same",
        "top_k": "the same",
    },
    "ollama_generate": {
        "template": "in ollama-api.md, though not in the OpenAPI document",
        "truncate": "in the server's source: refuse what does not fit rather than cut it",
        "shift": "in the server's source: end a full window rather than drop its beginning",
    },
    "ollama_chat": {
        "truncate": "in the server's source: refuse what does not fit rather than cut it",
        "shift": "in the server's source: end a full window rather than drop its beginning",
    },
}

# For each dialect: (file, schema) of a whole and of a streamed request.
REQUESTS: dict[str, list[tuple[str, str, str]]] = {
    "openai_chat": [
        ("openai-openapi.yaml", "CreateChatCompletionRequest", "CreateChatCompletionRequest"),
        (
            "openai-sdk-jsonschema.json",
            "CompletionCreateParamsNonStreaming",
            "CompletionCreateParamsStreaming",
        ),
    ],
    "openai_responses": [
        ("openai-openapi.yaml", "CreateResponse", "CreateResponse"),
        (
            "openai-sdk-jsonschema.json",
            "ResponseCreateParamsNonStreaming",
            "ResponseCreateParamsNonStreaming",
        ),
    ],
    "anthropic_messages": [
        ("anthropic-sdk-jsonschema.json", "MessageCreateParamsNonStreaming", "MessageCreateParamsStreaming"),
    ],
    "anthropic_count": [
        ("anthropic-sdk-jsonschema.json", "MessageCountTokensParams", "MessageCountTokensParams"),
    ],
    "ollama_chat": [("ollama-openapi.yaml", "ChatRequest", "ChatRequest")],
    "ollama_generate": [("ollama-openapi.yaml", "GenerateRequest", "GenerateRequest")],
    "openrouter_chat": [("openrouter-openapi.yaml", "ChatRequest", "ChatRequest")],
}


@functools.cache
def _document(file: str) -> Any:
    data = (SPECS / file).read_text("utf-8")
    return json.loads(data) if file.endswith(".json") else _any_of(yaml.load(data, Loader=yaml.CSafeLoader))


def _any_of(value: Any) -> Any:
    """The document with `anyOf` for `oneOf`.

    OpenAI's document has alternatives that overlap (an input message with a list of parts fits two of
    them), so that no body at all could fit exactly one.
    """
    if isinstance(value, dict):
        return {("anyOf" if key == "oneOf" else key): _any_of(one) for key, one in value.items()}
    return [_any_of(one) for one in value] if isinstance(value, list) else value


@functools.cache
def validator(file: str, name: str) -> Draft202012Validator:
    """The validator of one schema of one document."""
    document = _document(file)
    if file.endswith(".json"):
        return Draft202012Validator(document["schemas"][name])
    registry: Registry[Any] = Registry().with_resource("urn:spec", Resource(document, DRAFT202012))
    return Draft202012Validator({"$ref": f"urn:spec#/components/schemas/{name}"}, registry=registry)


def faults(schema: str, body: dict[str, Any]) -> list[str]:
    """Every way in which a body does not follow its specifications; empty when it does."""
    found = []
    for file, whole, streamed in REQUESTS[schema]:
        name = streamed if body.get("stream") else whole
        checked = body
        if streamed == whole and file.endswith(".json"):  # the types of whole requests forbid stream: true
            checked = {key: value for key, value in body.items() if key != "stream"}
        found += [
            f"{file} {name}: {error.json_path}: {_deepest(error).message[:300]}"
            for error in validator(file, name).iter_errors(checked)
        ]
        known = known_fields(file, name) | UNNAMED.get(schema, {}).keys()
        found += [f"{file} {name}: no field {key!r}" for key in body if key not in known]
    return found


def _deepest(error: Any) -> Any:
    """The most telling of the errors below a failed alternative."""
    while error.context:
        error = max(error.context, key=lambda one: len(one.absolute_path))
    return error


@functools.cache
def known_fields(file: str, name: str) -> frozenset[str]:
    """The fields that a schema names, through its references."""
    document = _document(file)
    root = document["schemas"][name] if file.endswith(".json") else {"$ref": f"#/components/schemas/{name}"}
    names: set[str] = set()
    _collect(root, root if file.endswith(".json") else document, names)
    return frozenset(names)


def _collect(schema: dict[str, Any], document: dict[str, Any], names: set[str]) -> None:
    if "$ref" in schema:
        target: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        _collect(target, document, names)
    names.update(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        _collect(part, document, names)
