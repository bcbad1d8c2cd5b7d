"""What Anthropic refuses in a request whose shape is right: order, pairs, parameters, thinking.

Sources: recorded 400 bodies, the vendor's documentation (2026-11), and error texts quoted in issue trackers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from swebench_runner.simulator.dialects.anthropic_errors import refuse
from swebench_runner.simulator.dialects.anthropic_types import Block, CountRequest, MessagesRequest
from swebench_runner.simulator.signing import is_signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.simulator.dialects.anthropic_types import Tool, Turn
    from swebench_runner.simulator.models import ModelCard

MAX_CACHE_MARKS = 4
MIN_BUDGET_TOKENS = 1024
OUTPUT_LIMITS = (
    (re.compile(r"claude-3-(haiku|opus|sonnet)"), 4_096),
    (re.compile(r"claude-3-5"), 8_192),
    (re.compile(r"claude-opus-4(-1|-0|-2025|$)"), 32_000),
    (re.compile(r"claude-(3-7|sonnet-4|haiku-4|opus-4-5)"), 64_000),
    (re.compile(r"claude"), 128_000),
)
_ONE_SAMPLER = re.compile(r"claude-(opus-4-[1-9]|sonnet-4-[5-9]|haiku-4-[5-9])")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def check_messages(request: MessagesRequest, model: ModelCard) -> None:
    """Let a well-formed request in if the provider would.

    Raises:
        Refusal: It would not.
    """
    check_counted(request)
    _check_parameters(request, model)
    _check_thinking(request, model)
    last = request.messages[-1]
    if last.role == "assistant":
        _check_prefill(last, request, model)


def check_counted(request: CountRequest) -> None:
    """The part of the rules that also holds for count_tokens.

    Raises:
        Refusal: The request breaks one.
    """
    if not request.messages:
        refuse("messages: at least one message is required")
    if request.messages[0].role != "user":
        refuse('messages: first message must use the "user" role')
    _check_tools(request)
    _check_cache_marks(request)
    for index, turn in enumerate(request.messages):
        _check_content(turn, index, is_last=index == len(request.messages) - 1)
    _check_pairs(request.messages)


def blocks_of(content: str | Sequence[Block] | None) -> Sequence[Block]:
    """Content as blocks, whichever way it was written."""
    if content is None:
        return ()
    return (Block(type="text", text=content),) if isinstance(content, str) else content


def _check_parameters(request: MessagesRequest, model: ModelCard) -> None:
    for name in ("temperature", "top_p", "top_k"):
        if name in model.refuses and getattr(request, name) is not None:
            refuse(f"`{name}` is deprecated for this model.")
    if request.temperature is not None and request.top_p is not None and _ONE_SAMPLER.match(model.name):
        refuse("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    limit = next((limit for pattern, limit in OUTPUT_LIMITS if pattern.match(model.name)), None)
    if limit is not None and request.max_tokens > limit:
        refuse(
            f"max_tokens: {request.max_tokens} > {limit}, which is the maximum allowed number of output"
            f" tokens for {model.name}"
        )
    if any(not stop.strip() for stop in request.stop_sequences or ()):
        refuse("stop_sequences: each stop sequence must contain non-whitespace")


def _check_thinking(request: MessagesRequest, model: ModelCard) -> None:
    thinking = request.thinking
    if thinking is None or thinking.type != "enabled":
        return
    if "thinking.enabled" in model.refuses:
        refuse(
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and'
            ' "output_config.effort" to control thinking behavior.'
        )
    if thinking.budget_tokens is None:
        refuse("thinking.enabled.budget_tokens: Field required")
    if thinking.budget_tokens < MIN_BUDGET_TOKENS:
        refuse("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if thinking.budget_tokens >= request.max_tokens:
        refuse("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if request.temperature not in (None, 1):
        refuse("`temperature` may only be set to 1 when thinking is enabled.")
    if request.top_k is not None:
        refuse("`top_k` must be unset when thinking is enabled.")
    if request.tool_choice is not None and request.tool_choice.type in ("any", "tool"):
        refuse("Thinking may not be enabled when tool_choice forces tool use.")
    _check_thinking_first(request.messages)


def _check_thinking_first(messages: Sequence[Turn]) -> None:
    for index, turn in enumerate(messages):
        blocks = blocks_of(turn.content)
        calls = any(block.type == "tool_use" for block in blocks)
        in_loop = index + 1 == len(messages) - 1
        if (
            turn.role == "assistant"
            and calls
            and in_loop
            and blocks[0].type not in ("thinking", "redacted_thinking")
        ):
            refuse(
                f"messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found"
                f" `{blocks[0].type}`. When `thinking` is enabled, a final `assistant` message must start"
                " with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result`"
                " blocks)."
            )


def _check_prefill(last: Turn, request: MessagesRequest, model: ModelCard) -> None:
    if not model.prefill or (request.thinking is not None and request.thinking.type != "disabled"):
        refuse(
            "This model does not support assistant message prefill. The conversation must end with a user"
            " message."
        )
    blocks = blocks_of(last.content)
    if blocks and (blocks[-1].text or "").rstrip() != (blocks[-1].text or ""):
        refuse("messages: final assistant content cannot end with trailing whitespace")


def _check_tools(request: CountRequest) -> None:
    tools = request.tools or ()
    names = [tool.name for tool in tools]
    if len(set(names)) != len(names):
        refuse("tools: Tool names must be unique.")
    for index, tool in enumerate(tools):
        _check_tool(tool, index)
    choice = request.tool_choice
    if choice is None:
        return
    if not tools and choice.type != "none":
        refuse("tool_choice: Tools must be specified when tool_choice is provided.")
    if choice.type == "tool" and choice.name not in names:
        refuse(f"Tool '{choice.name}' not found in provided tools")


def _check_tool(tool: Tool, index: int) -> None:
    if tool.type not in (None, "custom"):
        return
    at = f"tools.{index}.custom"
    if not _TOOL_NAME.fullmatch(tool.name):
        refuse(f"{at}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    if tool.input_schema is None:
        refuse(f"{at}.input_schema: Field required")
    if "type" not in tool.input_schema:
        refuse(f"{at}.input_schema.type: Field required")
    if tool.input_schema["type"] != "object":
        refuse(f"{at}.input_schema.type: Input should be 'object'")


def _check_cache_marks(request: CountRequest) -> None:
    system = request.system if not isinstance(request.system, str) else ()
    blocks = [*(system or ()), *(block for turn in request.messages for block in blocks_of(turn.content))]
    marks = sum(block.cache_control is not None for block in blocks)
    marks += sum(tool.cache_control is not None for tool in request.tools or ())
    if marks > MAX_CACHE_MARKS:
        refuse(f"A maximum of {MAX_CACHE_MARKS} blocks with cache_control may be provided. Found {marks}.")


def _check_content(turn: Turn, index: int, *, is_last: bool) -> None:
    blocks = blocks_of(turn.content)
    if not turn.content and not (is_last and turn.role == "assistant"):
        refuse(
            f"messages.{index}: all messages must have non-empty content except for the optional final"
            " assistant message"
        )
    for number, block in enumerate(blocks):
        at = f"messages.{index}.content.{number}"
        if block.type == "text" and block.text is None:
            refuse(f"{at}.text.text: Field required")
        if block.type == "text" and not block.text:
            refuse("messages: text content blocks must be non-empty")
        if block.type == "text" and not (block.text or "").strip():
            refuse("messages: text content blocks must contain non-whitespace text")
        if block.type == "thinking" and not is_signed(block.thinking or "", block.signature or ""):
            refuse(f"{at}: Invalid `signature` in `thinking` block")
        if block.type == "redacted_thinking" and not is_signed("", block.data or ""):
            refuse(f"{at}: Invalid `data` in `redacted_thinking` block")
        if block.type == "tool_use" and (block.input is None or block.id is None or block.name is None):
            missing = next(name for name in ("id", "name", "input") if getattr(block, name) is None)
            refuse(f"{at}.tool_use.{missing}: Field required")


def _check_pairs(messages: Sequence[Turn]) -> None:
    waiting: list[str] = []
    for index, turn in enumerate(messages):
        blocks = blocks_of(turn.content)
        results = [block.tool_use_id or "" for block in blocks if block.type == "tool_result"]
        for number, block in enumerate(blocks):
            if block.type == "tool_result" and block.tool_use_id not in waiting:
                refuse(
                    f"messages.{index}.content.{number}: unexpected `tool_use_id` found in `tool_result`"
                    f" blocks: {block.tool_use_id}. Each `tool_result` block must have a corresponding"
                    " `tool_use` block in the previous message."
                )
        missing = [call for call in waiting if call not in results]
        if missing:
            _refuse_unanswered(missing, index - 1)
        waiting = [block.id or "" for block in blocks if block.type == "tool_use"]
    if waiting:
        _refuse_unanswered(waiting, len(messages) - 1)


def _refuse_unanswered(ids: list[str], index: int) -> None:
    refuse(
        f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after:"
        f" {', '.join(ids)}. Each `tool_use` block must have a corresponding `tool_result` block in the"
        " next message."
    )
