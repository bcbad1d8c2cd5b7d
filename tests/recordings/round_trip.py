"""One recorded request through the product, and what came out differently."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from recordings import requests_anthropic, requests_chat, requests_ollama, requests_responses
from recordings.json_diff import unequal
from recordings.kinds import dialect_of
from recordings.product import transform_of
from recordings.requests_common import InexpressibleError
from swebench_runner.providers.core.protocols import Target

if TYPE_CHECKING:
    from recordings.loaders import Interaction
    from recordings.requests_common import Decoded

READERS: dict[str, Any] = {
    "openai_chat": requests_chat,
    "openai_responses": requests_responses,
    "anthropic_messages": requests_anthropic,
    "ollama": requests_ollama,
}
# Fields that ours adds without being asked; see `TOLERATED` for the reasons.
ADDED = {
    "openai_chat": (),
    "openai_responses": ("store", "include"),
    "anthropic_messages": (),
    "ollama": ("truncate", "shift"),
}


def decoded(one: Interaction) -> Decoded | str:
    """The recorded request in our words, or why there is none."""
    body = one.request_body
    if not body:
        return "the recording has no request body"
    if one.method != "POST":
        return "asks for a stored answer by its id"
    try:
        return READERS[str(dialect_of(one))].decode(body)
    except InexpressibleError as reason:
        return str(reason)


def request_differences(one: Interaction) -> list[str]:
    """What is different between the recorded body and ours; empty when nothing is."""
    said = decoded(one)
    if isinstance(said, str):
        return []
    dialect = str(dialect_of(one))
    target = Target(one.provider, said.request.model or "", said.facts, said.stream)
    ours = dict(_as_wanted(transform_of(one), one.request_body).encode(said.request, target).body)
    canonical = READERS[dialect].canonical
    wanted, got = canonical(one.request_body), canonical(ours)
    for name in ADDED[dialect]:
        if name not in wanted:
            got.pop(name, None)
    return [
        f"{at}: recorded {_short(theirs)}, ours {_short(mine)}"
        for at, mine, theirs in unequal("", got, wanted)
    ]


def _as_wanted(transform: Any, body: Any) -> Any:
    """The chat dialect with the habit of this server: whether, and how, it wants earlier reasoning back."""
    if transform.dialect != "openai_chat":
        return transform
    fields = {key for message in body["messages"] for key in message if message.get(key)}
    if "reasoning_details" in fields:
        return dataclasses.replace(transform, replay="details")
    return (
        dataclasses.replace(transform, replay="content")
        if fields & {"reasoning", "reasoning_content"}
        else transform
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:120]} … {text[-70:]}"
