"""What OpenAI refuses in a chat completion whose shape is right: order, pairs, parameters of the model.

Sources: recorded 400 bodies, and the error texts quoted in client libraries' issue trackers (2024-2026).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.simulator.dialects.openai_errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from swebench_runner.simulator.dialects.openai_chat_types import ChatRequest, Message, Tool
    from swebench_runner.simulator.models import ModelCard

PART_TYPES = {
    "system": ("text",),
    "developer": ("text",),
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
    "tool": ("text",),
    "function": ("text",),
}
# Refused while a model reasons, beside temperature and top_p, which may keep their default.
REASONING_REFUSES = ("logprobs", "top_logprobs", "logit_bias", "presence_penalty", "frequency_penalty")


def check_chat(request: ChatRequest, model: ModelCard) -> None:
    """Let a well-formed request in if the provider would.

    Raises:
        Refusal: It would not.
    """
    check_parameters(request, model)
    if request.tools is None and request.parallel_tool_calls is not None:
        refuse(
            "'parallel_tool_calls' is only allowed when 'tools' are specified.", param="parallel_tool_calls"
        )
    check_tools(request.tools, has_choice=request.tool_choice is not None)
    check_format(request)
    for index, message in enumerate(request.messages):
        _check_message(message, f"messages[{index}]")
    check_pairs(request.messages)
    if model.text("prefill") == "no" and request.messages[-1].role == "assistant":
        refuse(
            "This model does not support assistant message prefill.", param="messages", code="invalid_value"
        )


def check_parameters(request: ChatRequest, model: ModelCard) -> None:
    """Refuse what this model does not take, in the words for it.

    Raises:
        Refusal: `unsupported_parameter` or `unsupported_value`, with the parameter in `param`.
    """
    if request.stream_options is not None and not request.stream:
        refuse(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        refuse(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            code="invalid_parameter_combination",
        )
    if request.top_logprobs is not None and not request.logprobs:
        refuse(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", param="top_logprobs"
        )
    for name in model.refuses:
        if getattr(request, name, None) is not None:
            unsupported(name)
    if is_reasoning(model, request.reasoning_effort):
        _check_reasoning_parameters(request, model)
    elif (
        model.family.reasoning == "never"
        and request.reasoning_effort
        and model.name.startswith(("gpt-4", "gpt-3"))
    ):
        refuse("Unrecognized request argument supplied: reasoning_effort")


def unsupported(name: str) -> None:
    """Refuse a parameter by name.

    Raises:
        Refusal: Always.
    """
    advice = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
    refuse(
        f"Unsupported parameter: '{name}' is not supported with this model.{advice}",
        param=name,
        code="unsupported_parameter",
    )


def is_reasoning(model: ModelCard, effort: str | None) -> bool:
    """Whether the model reasons in a request with this effort (None is its default)."""
    manner = model.family.reasoning
    if manner == "off":
        return effort not in (None, "none")
    return manner == "always" or (manner == "on" and effort != "none")


def check_tools(tools: Sequence[Tool] | None, *, has_choice: bool) -> None:
    """Refuse tools without a function, schemas that are not objects, a choice among nothing.

    Raises:
        Refusal: One of these.
    """
    if tools is None:
        if has_choice:
            refuse("'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
        return
    for index, tool in enumerate(tools):
        at = f"tools[{index}].function"
        if tool.type == "function" and tool.function is None:
            refuse(f"Missing required parameter: '{at}'.", param=at, code="missing_required_parameter")
        if tool.function is not None:
            check_function(tool.function.name, tool.function.parameters, strict=tool.function.strict, at=at)


def check_function(
    name: str, parameters: Mapping[str, object] | None, *, strict: bool | None, at: str
) -> None:
    """Refuse a function whose schema is not one, or not strict where it claims to be.

    Raises:
        Refusal: `invalid_function_parameters`.
    """
    if parameters and parameters.get("type") not in ("object", None):
        refuse(
            f"Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got"
            " 'type:"
            f' "{parameters.get("type")}"\'.',
            param=f"{at}.parameters",
            code="invalid_function_parameters",
        )
    if strict and (flaw := strict_flaw(parameters or {})):
        refuse(
            f"Invalid schema for function '{name}': In context=(), {flaw}.",
            param=f"{at}.parameters",
            code="invalid_function_parameters",
        )


def strict_flaw(schema: Mapping[str, object]) -> str:
    """Why a schema is not strict; "" if its top level is."""
    if schema.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false"
    properties, required = schema.get("properties"), schema.get("required")
    names = list(properties) if isinstance(properties, dict) else []
    missing = [name for name in names if not isinstance(required, list) or name not in required]
    if missing:
        return (
            "'required' is required to be supplied and to be an array including every key in properties."
            f" Missing '{missing[0]}'"
        )
    return ""


def check_format(request: ChatRequest) -> None:
    """Refuse a JSON mode that the prompt does not mention, and a schema that is missing or not strict.

    Raises:
        Refusal: One of these.
    """
    form = request.response_format
    if form is None or form.type == "text":
        return
    if form.type == "json_object":
        if not any("json" in text_of(message.content).lower() for message in request.messages):
            refuse(
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type"
                " 'json_object'.",
                param="messages",
            )
        return
    if form.json_schema is None or form.json_schema.schema is None:
        at = "response_format.json_schema" + (".schema" if form.json_schema else "")
        refuse(f"Missing required parameter: '{at}'.", param=at, code="missing_required_parameter")
    if form.json_schema.strict and (flaw := strict_flaw(form.json_schema.schema)):
        refuse(
            f"Invalid schema for response_format '{form.json_schema.name}': In context=(), {flaw}.",
            param="response_format",
        )


def check_pairs(messages: Sequence[Message]) -> None:
    """Refuse results without calls and calls without results.

    Raises:
        Refusal: The conversation breaks a pair.
    """
    waiting: dict[str, None] = {}
    for index, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id not in waiting:
                refuse(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding"
                    " message with 'tool_calls'.",
                    param=f"messages.[{index}].role",
                )
            del waiting[message.tool_call_id]
            continue
        _none_waits(waiting, index)
        waiting = {call.id: None for call in message.tool_calls or ()}
    _none_waits(waiting, len(messages))


def text_of(content: str | Sequence[object] | None) -> str:
    """The text of a message's content; other parts are left out."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "\n".join(text for part in content if (text := getattr(part, "text", None)))


def _check_reasoning_parameters(request: ChatRequest, model: ModelCard) -> None:
    for name in REASONING_REFUSES:
        if getattr(request, name) is not None:
            unsupported(name)
    for name in ("temperature", "top_p"):
        value = getattr(request, name)
        if value in (None, 1):
            continue
        if model.name.startswith("o"):
            unsupported(name)
        refuse(
            f"Unsupported value: '{name}' does not support {value:g} with this model. Only the default (1)"
            " value is supported.",
            param=name,
            code="unsupported_value",
        )
    if model.name.startswith(("o1-mini", "o1-preview")):
        role = next(
            (message.role for message in request.messages if message.role in ("system", "developer")), None
        )
        if role:
            refuse(
                f"Unsupported value: 'messages[0].role' does not support '{role}' with this model.",
                param="messages[0].role",
                code="unsupported_value",
            )


def _check_message(message: Message, at: str) -> None:
    if message.content is None and not (message.role == "assistant" and _says_otherwise(message)):
        refuse(
            f"Invalid value for 'content': expected a string, got null. ({at}.content)", param=f"{at}.content"
        )
    if message.role == "tool" and message.tool_call_id is None:
        name = f"{at}.tool_call_id"
        refuse(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    if message.tool_calls is not None and not message.tool_calls:
        refuse(
            f"Invalid '{at}.tool_calls': empty array. Expected an array with minimum length 1, but got an"
            " empty array instead.",
            param=f"{at}.tool_calls",
            code="empty_array",
        )
    if message.content is None or isinstance(message.content, str):
        return
    allowed = PART_TYPES[message.role]
    for index, part in enumerate(message.content):
        where = f"{at}.content[{index}]"
        if part.type not in allowed:
            _refuse_value(part.type, allowed, f"{where}.type")
        if getattr(part, part.type) is None:
            name = f"{where}.{part.type}"
            refuse(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def _says_otherwise(message: Message) -> bool:
    return bool(message.tool_calls or message.refusal or message.audio or message.function_call)


def _refuse_value(value: str, allowed: Sequence[str], param: str) -> None:
    names = [f"'{name}'" for name in allowed]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, and {names[-1]}"
    refuse(f"Invalid value: '{value}'. Supported values are: {listed}.", param=param, code="invalid_value")


def _none_waits(waiting: Iterable[str], index: int) -> None:
    ids = ", ".join(waiting)
    if ids:
        refuse(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
            f" 'tool_call_id'. The following tool_call_ids did not have response messages: {ids}",
            param=f"messages.[{index}].role",
        )
