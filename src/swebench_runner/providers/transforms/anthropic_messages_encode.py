"""A request in the words of Anthropic's Messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.core.errors import InvalidRequestError
from swebench_runner.providers.core.request import JsonSchemaFormat, NamedTool
from swebench_runner.providers.transforms import anthropic_messages_turns as turns_
from swebench_runner.providers.transforms.anthropic_messages_thinking import think
from swebench_runner.providers.transforms.openai_shared import DEFAULT_TEMPERATURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.transforms.openai_shared import Left

DEFAULT_MAX_TOKENS: Final = 4_000
VERSION_WITH_SAMPLING: Final = "2023-06-01"
LEAST_TOP_P_WITH_THINKING: Final = 0.95
COUNTED: Final = frozenset(
    {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control"}
)
"""The fields that the counting endpoint takes."""


def encode_body(request: UnifiedRequest, left: Left, version: str) -> dict[str, Any]:
    """The body.

    Raises:
        InvalidRequestError: There is nothing to answer, or a tool message answers no call.
    """
    messages = request.to_messages()
    turns = turns_.turns_of(messages, left)
    _settle_prefill(turns, left)
    if not turns:
        raise InvalidRequestError(
            "there is nothing to answer: every message is empty",
            left.target.provider,
            model=left.target.model,
        )
    max_tokens = _max_tokens(request, left)
    body: dict[str, Any] = {"model": left.target.model, "max_tokens": max_tokens, "messages": turns}
    system = turns_.system_of(messages, left)
    if system is not None:
        body["system"] = system
    _put_tools(request, body, left)
    if request.thinking is not None:
        body.update(think(request.thinking, body, left, ceiling_given=request.max_tokens is not None))
    _put_sampling(request, body, left, version)
    _put_format(request, body, left)
    _put_rest(request, body, left)
    merge_extra(body, request.extra)
    return body


def merge_extra(body: dict[str, Any], extra: Mapping[str, JSON]) -> None:
    """Add a caller's own fields: objects are merged, lists of tools joined, anything else replaced."""
    for name, value in extra.items():
        ours = body.get(name)
        if isinstance(ours, dict) and isinstance(value, dict):
            body[name] = {**ours, **value}
        elif name == "tools" and isinstance(ours, list) and isinstance(value, list):
            body[name] = [*ours, *value]
        else:
            body[name] = value


def _settle_prefill(turns: list[dict[str, Any]], left: Left) -> None:
    if not turns or not turns_.is_prefill(turns[-1]):
        return
    if "prefill" in left.target.facts.refuses:
        left.out(
            "the last message, which begins the answer",
            f"{left.target.model} goes on from a user's turn only",
        )
        turns.pop()
    else:
        turns_.strip_prefill(turns[-1])


def _max_tokens(request: UnifiedRequest, left: Left) -> int:
    most = left.target.facts.max_output_tokens
    if request.max_tokens is None:
        return DEFAULT_MAX_TOKENS if most is None else min(DEFAULT_MAX_TOKENS, most)
    if most is not None and request.max_tokens > most:
        left.say(f"max_tokens was lowered from {request.max_tokens} to the {most} of {left.target.model}")
        return most
    return request.max_tokens


def _put_tools(request: UnifiedRequest, body: dict[str, Any], left: Left) -> None:
    if request.tools:
        body["tools"] = [turns_.tool_of(tool) for tool in request.tools]
    elif "tools" not in request.extra:
        return
    choice = _tool_choice(request, left)
    if choice is not None:
        body["tool_choice"] = choice


def _tool_choice(request: UnifiedRequest, left: Left) -> dict[str, Any] | None:
    wanted, parallel = request.tool_choice, request.parallel_tool_calls
    if wanted is None and parallel is None:
        return None
    demanded = wanted == "required" or isinstance(wanted, NamedTool)
    if demanded and "forced_tool_choice" in left.target.facts.refuses:
        left.say(f"the demand for a tool call was sent as a wish: {left.target.model} refuses to be forced")
        wanted = "auto"
    choice: dict[str, Any]
    if isinstance(wanted, NamedTool):
        choice = {"type": "tool", "name": wanted.name}
    else:
        choice = {"type": {"required": "any", None: "auto"}.get(wanted, wanted)}
    if parallel is not None and wanted != "none":
        choice["disable_parallel_tool_use"] = not parallel
    return choice


def _put_sampling(request: UnifiedRequest, body: dict[str, Any], left: Left, version: str) -> None:
    """Temperature and top_p, where version, model and thinking let them be."""
    if version != VERSION_WITH_SAMPLING:
        if _is_wished(request.temperature) or request.top_p is not None:
            left.out("temperature and top_p", f"API version {version} has none")
        return
    thinks = body.get("thinking", {}).get("type") in {"enabled", "adaptive"}
    if request.top_p is not None and thinks and request.top_p < LEAST_TOP_P_WITH_THINKING:
        left.out("top_p", f"with thinking it must be at least {LEAST_TOP_P_WITH_THINKING}")
    elif left.accepts(request, "top_p"):
        body["top_p"] = request.top_p
    temperature = request.temperature
    if temperature is None or not left.accepts(request, "temperature"):
        return
    obstacle = _obstacle(temperature, body, left, thinks=thinks)
    if obstacle:
        if _is_wished(temperature):
            left.out("temperature", obstacle)
        return
    if temperature > 1:
        left.say(f"temperature was lowered from {temperature} to 1, the most that Anthropic takes")
    body["temperature"] = min(temperature, 1.0)


def _is_wished(temperature: float | None) -> bool:
    """Nobody wished for the request's own default, so it goes without a word."""
    return temperature is not None and temperature != DEFAULT_TEMPERATURE


def _obstacle(temperature: float, body: dict[str, Any], left: Left, *, thinks: bool) -> str | None:
    """What keeps a temperature from being sent."""
    if thinks and temperature != 1:
        return "with thinking it must be 1"
    if "top_p" in body and "temperature_with_top_p" in left.target.facts.refuses:
        return f"{left.target.model} takes either top_p or temperature"
    return None


def _put_format(request: UnifiedRequest, body: dict[str, Any], left: Left) -> None:
    wanted = request.response_format
    if isinstance(wanted, JsonSchemaFormat):
        schema = {"type": "json_schema", "schema": wanted.schema}
        body["output_config"] = {**body.get("output_config", {}), "format": schema}
    elif wanted is not None:
        left.out("response_format", "Anthropic knows JSON by a schema only; ask for JSON in the prompt")


def _put_rest(request: UnifiedRequest, body: dict[str, Any], left: Left) -> None:
    if request.stop_sequences:
        stops = [stop for stop in request.stop_sequences if stop.strip()]
        if len(stops) < len(request.stop_sequences):
            left.out("a stop sequence of blanks", "Anthropic refuses it")
        if stops and left.accepts(request, "stop_sequences"):
            body["stop_sequences"] = stops
    if request.cache is not None:
        body["cache_control"] = turns_.cache_control(request.cache)
    if request.user is not None:
        body["metadata"] = {"user_id": request.user}
    if request.seed is not None:
        left.out("seed", "Anthropic has none")
    if left.target.stream:
        body["stream"] = True
