"""An answer before it has a dialect: text, thinking, calls, why it ended, what it cost."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from swebench_runner.simulator.schema import sample, sample_with_text
from swebench_runner.simulator.tokens import BYTES_A_TOKEN, CacheUse, count_tokens

if TYPE_CHECKING:
    from swebench_runner.simulator.prompt import OfferedTool, PromptInfo

Finish = Literal["stop", "length", "tool_calls", "stop_sequence", "refusal", "content_filter"]

# Words of at most seven letters with the blanks before them: about the size of real tokens.
_PIECE = re.compile(r"\s*\w{1,7}|\s*[^\w\s]{1,3}|\s+")


NO_CACHE = CacheUse()


class Call(NamedTuple):
    """A tool to be called, with its arguments as JSON text (which a fault may have cut)."""

    name: str
    arguments: str


class Usage(NamedTuple):
    """Tokens of an exchange. `prompt` counts all input, `completion` all output."""

    prompt: int
    completion: int
    reasoning: int = 0
    cache: CacheUse = NO_CACHE

    @property
    def total(self) -> int:
        """Input and output."""
        return self.prompt + self.completion

    @property
    def fresh(self) -> int:
        """Input that neither came from a cache nor went into one."""
        return self.prompt - sum(self.cache)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a behaviour wants to say, before the limits of the request are applied."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish: Finish = "stop"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said.

    Attributes:
        text: Visible text; for a refusal, its explanation.
        reasoning: Thinking; a dialect shows it, counts it, or both.
        calls: Tools to call.
        finish: Why the answer ended.
        stopped_by: The stop sequence that was met; "" without one.
        usage: What it cost; None where the provider forgets to say.
    """

    text: str
    reasoning: str
    calls: tuple[Call, ...]
    finish: Finish
    stopped_by: str
    usage: Usage | None


def finish_reply(prompt: PromptInfo, draft: Draft, *, cache: CacheUse = NO_CACHE) -> Reply:
    """A draft within the limits of its request: tool choice, structure, stop sequences, max_tokens."""
    if draft.finish == "stop":
        draft = _as_demanded(prompt, draft)
    text, finish, stopped_by = draft.text, draft.finish, ""
    for stop in prompt.stop:
        at = text.find(stop) if stop else -1
        if at >= 0:
            text, finish, stopped_by = text[:at], "stop_sequence", stop
    reasoning_tokens = count_tokens(draft.reasoning)
    if prompt.max_tokens is not None:
        room = max(1, prompt.max_tokens - reasoning_tokens)
        if count_tokens(text) > room:
            text, finish, stopped_by = _first_tokens(text, room), "length", ""
    spoken = count_tokens(text) + sum(count_tokens(call.name + call.arguments) for call in draft.calls)
    usage = Usage(prompt.tokens, reasoning_tokens + spoken, reasoning_tokens, cache)
    return Reply(text, draft.reasoning, draft.calls, finish, stopped_by, usage)


def call_tools(tools: tuple[OfferedTool, ...], count: int) -> tuple[Call, ...]:
    """`count` calls, going round the tools on offer, with arguments that fit their schemas."""
    calls = []
    for number in range(count):
        tool = tools[number % len(tools)]
        arguments = msgspec.json.encode(sample(tool.schema, number)).decode()
        calls.append(Call(tool.name, arguments))
    return tuple(calls)


@lru_cache(maxsize=256)
def pieces(text: str) -> tuple[str, ...]:
    """A text in pieces of a few characters, as a model produces it; joined they are the text."""
    return tuple(_PIECE.findall(text))


@lru_cache(maxsize=256)
def json_pieces(text: str) -> tuple[bytes, ...]:
    """`pieces`, each as a JSON string."""
    encode = msgspec.json.encode
    return tuple(encode(piece) for piece in pieces(text))


def _as_demanded(prompt: PromptInfo, draft: Draft) -> Draft:
    if prompt.tool_choice in ("required", "named") and not draft.calls and prompt.tools:
        return Draft("", draft.reasoning, call_tools(prompt.tools, 1), "tool_calls")
    if prompt.schema is not None and not draft.calls:
        value = sample_with_text(prompt.schema, draft.text) if prompt.schema else {"answer": draft.text}
        return replace(draft, text=msgspec.json.encode(value).decode())
    return draft


def _first_tokens(text: str, count: int) -> str:
    encoded = text.encode("utf-8", "surrogatepass")[: count * BYTES_A_TOKEN]
    return encoded.decode("utf-8", "ignore")
