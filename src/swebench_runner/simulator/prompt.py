"""What a request asks, whichever dialect it was asked in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from swebench_runner.simulator.tokens import count_tokens

if TYPE_CHECKING:
    from swebench_runner.providers.core.json import JSONObject
    from swebench_runner.simulator.models import ModelCard


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool the model may call, with the JSON Schema of its arguments."""

    name: str
    schema: JSONObject


@dataclass(frozen=True, slots=True)
class CacheMark:
    """A point of the prompt up to which the caller wants it cached.

    Attributes:
        prefix: The text of the prompt up to the mark.
        ttl_s: How long it is kept.
    """

    prefix: str
    ttl_s: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptInfo:
    """A request without its dialect. Equal questions have equal texts in every dialect.

    Attributes:
        dialect: Name of the dialect it came in.
        model: The model asked.
        text: All text of the conversation, instructions first, a line break between messages.
        last_user: The text of the last message of the user.
        stream: Whether the answer is to be streamed.
        max_tokens: Ceiling of the answer; None without one.
        stop: Texts at which the answer ends.
        tools: What may be called.
        tool_choice: "auto", "none", "required", or "named" (then `tools` holds that tool alone).
        parallel_calls: Whether several calls in one answer are allowed.
        answers_tool: The conversation ends with the result of a tool.
        thinking: Whether the model is to think; None leaves it to the model.
        schema: JSON Schema that the answer has to follow; {} for any JSON object; None for text.
        cache_marks: Points up to which the prompt is to be cached.
        other_tokens: Tokens of what is not text: tools, images.
    """

    dialect: str
    model: ModelCard
    text: str
    last_user: str
    stream: bool
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[OfferedTool, ...] = ()
    tool_choice: Literal["auto", "none", "required", "named"] = "auto"
    parallel_calls: bool = True
    answers_tool: bool = False
    thinking: bool | None = None
    schema: JSONObject | None = None
    cache_marks: tuple[CacheMark, ...] = ()
    other_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of the prompt."""
        return count_tokens(self.text) + self.other_tokens

    @property
    def overflow(self) -> tuple[int, int]:
        """The size of the model's window, and how much too much this is; for refusals that say both."""
        window = self.model.context_tokens
        return window, max(self.tokens, window + 1)
