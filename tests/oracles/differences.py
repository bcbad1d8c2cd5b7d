"""Where what reaches the server differs between us and a vendor's SDK for every request, and why that is right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recordings.json_diff import unequal

if TYPE_CHECKING:
    from oracles.cases import Case


@dataclass(frozen=True, slots=True)
class Difference:
    """A path in the body (a regular expression) that may differ, and why."""

    path: str
    reason: str
    ours: Any = ...
    theirs: Any = ...


ABSENT = "<absent>"

BODY: dict[str, tuple[Difference, ...]] = {
    "openai_chat": (Difference("stream", "ours always says it: some compatible servers stream by default", ours=False, theirs=ABSENT),),
    "openai_responses": (Difference("stream", "ours always says it, as it does for chat completions", ours=False, theirs=ABSENT),),
    "anthropic_messages": (),
    "ollama": (
        Difference(r"options\.num_ctx", "ours raises the window to fit the prompt, so that nothing is cut silently", theirs=ABSENT),
        Difference(r"options", "ours raises the window to fit the prompt, so that nothing is cut silently", theirs=ABSENT),
        Difference(r"think", "a model that only switches gets no level: servers of 2025 refuse one", ours=True, theirs="high"),
        Difference(r"truncate|shift", "ours asks the server to refuse what does not fit rather than to cut it", ours=False, theirs=ABSENT),
        Difference(r"messages\.\d+\.tool_calls\.\d+\.id", "the server takes and gives ids, the client has no field for them", theirs=ABSENT),
        Difference(r"messages\.\d+\.tool_call_id", "the server takes the id of the call, the client has no field for it", theirs=ABSENT),
        Difference(r"messages\.\d+\.content", "the specification demands it, the client drops what is empty", ours="", theirs=ABSENT),
        Difference(r"tools\.\d+\.function\.parameters\..*", "the client's types drop keywords of JSON Schema that they do not know", theirs=ABSENT),
        Difference(r"tools", "the client says an empty list", ours=ABSENT, theirs=[]),
        Difference(r"stream", "the client always says it", ours=ABSENT, theirs=False),
    ),
}  # fmt: skip

# Headers that are compared; everything else (user agent, telemetry, accepted codings) is each side's own.
HEADERS: dict[str, tuple[str, ...]] = {
    "openai_chat": ("authorization", "content-type", "openai-organization", "openai-project"),
    "openai_responses": ("authorization", "content-type", "openai-organization", "openai-project"),
    "anthropic_messages": ("content-type", "anthropic-beta"),
    "ollama": ("content-type",),
}
HEADER_REASONS = {
    "x-api-key": "ours for Anthropic: the documented header, in all recorded traffic; the newest SDK sends the key as bearer token",
    "anthropic-version": "ours is 2023-06-01, which compatible servers and all recorded traffic know and under which the "
    "sampling parameters exist; the newest SDK sends 2026-10-21",
}  # fmt: skip


def unexplained(dialect: str, case: Case, ours: Any, theirs: Any) -> list[str]:
    """Differences between two bodies that no rule and no note of the case explains."""
    found = []
    for path, mine, other in unequal("", ours, theirs):
        if path in case.differs or any(_explains(rule, path, mine, other) for rule in BODY[dialect]):
            continue
        found.append(f"{path}: ours {mine!r}, the SDK's {other!r}")
    return found


def _explains(rule: Difference, path: str, mine: Any, other: Any) -> bool:
    if not re.fullmatch(rule.path, path):
        return False
    return rule.ours in (..., mine) and rule.theirs in (..., other)
