"""What OpenAI refuses in a Responses request whose shape is right.

Sources: recorded 400 bodies (2025-2026), and error texts quoted in client libraries' issue trackers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.simulator.dialects import openai_chat_rules as chat
from swebench_runner.simulator.dialects.openai_errors import Refusal, refuse
from swebench_runner.simulator.signing import is_sealed
from swebench_runner.simulator.wire import Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.simulator.dialects.openai_responses_types import FlatTool, Item, ResponsesRequest
    from swebench_runner.simulator.models import ModelCard

# Parameters of chat completions, with what the server says about their new home.
MOVED = {
    "messages": "In the Responses API, this parameter has moved to 'input'. Try again with the new"
    " parameter. See the API documentation for more information:"
    " https://platform.openai.com/docs/api-reference/responses/create.",
    "response_format": "In the Responses API, this parameter has moved to 'text.format'. Try again with the"
    " new parameter. See the API documentation for more information:"
    " https://platform.openai.com/docs/api-reference/responses/create.",
    "max_tokens": "In the Responses API, this parameter has moved to 'max_output_tokens'. Try again with"
    " the new parameter.",
    "max_completion_tokens": "In the Responses API, this parameter has moved to 'max_output_tokens'. Try"
    " again with the new parameter.",
    "reasoning_effort": "In the Responses API, this parameter has moved to 'reasoning.effort'. Try again"
    " with the new parameter.",
}


def check_responses(request: ResponsesRequest, model: ModelCard) -> None:
    """Let a well-formed request in if the provider would.

    Raises:
        Refusal: It would not.
    """
    if request.stream_options is not None and not request.stream:
        refuse(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    _check_parameters(request, model)
    if request.previous_response_id is not None:
        refuse(
            f"Previous response with id '{request.previous_response_id}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    check_tools(request.tools)
    if request.tools is None and request.tool_choice not in (None, "auto", "none"):
        refuse("Tool choice must not be specified when tools are not.", param="tool_choice")
    _check_format(request)
    if not isinstance(request.input, str):
        check_items(request.input or ())


def unknown_model(name: str, hint: str = "") -> Refusal:
    """What a model that does not exist gets here: a 400, not the 404 of chat completions."""
    message = f"The requested model '{name}' does not exist."
    message = f"{message} ({hint})" if hint else message
    return Refusal(400, message, param="model", code="model_not_found", trouble=Trouble.NOT_FOUND)


def context() -> Refusal:
    """What a prompt that is too long gets here."""
    message = "Your input exceeds the context window of this model. Please adjust your input and try again."
    return Refusal(400, message, param="input", code="context_length_exceeded", trouble=Trouble.CONTEXT)


def check_tools(tools: Sequence[FlatTool] | None) -> None:
    """Refuse functions without a name, which is what chat completions' nested tools look like.

    Raises:
        Refusal: A name is missing, or a schema is not one.
    """
    for index, tool in enumerate(tools or ()):
        if tool.type != "function":
            continue
        at = f"tools[{index}]"
        if tool.name is None:
            refuse(
                f"Missing required parameter: '{at}.name'.",
                param=f"{at}.name",
                code="missing_required_parameter",
            )
        # Unlike chat completions, strict is the default here, but then the server amends the schema.
        chat.check_function(tool.name, tool.parameters, strict=tool.strict is True, at=at)


def check_items(items: Sequence[Item]) -> None:
    """Refuse items without their partners: calls, their outputs, and the reasoning before them.

    Raises:
        Refusal: A partner is missing, or a field.
    """
    if not items:
        refuse(
            "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array"
            " instead.",
            param="input",
            code="empty_array",
        )
    calls: dict[str, None] = {}
    answered = {item.call_id for item in items if item.type == "function_call_output"}
    for index, item in enumerate(items):
        _check_item(item, index)
        if item.type == "function_call" and item.call_id is not None:
            calls[item.call_id] = None
            if item.call_id not in answered:
                refuse(f"No tool output found for function call {item.call_id}.", param="input")
        elif item.type == "function_call_output" and item.call_id not in calls:
            refuse(f"No tool call found for function call output with call_id {item.call_id}.", param="input")
        elif item.type == "reasoning":
            _check_reasoning(item, items[index + 1] if index + 1 < len(items) else None)


def _check_parameters(request: ResponsesRequest, model: ModelCard) -> None:
    effort = request.reasoning.effort if request.reasoning else None
    for name in model.refuses:
        if getattr(request, name, None) is not None:
            _unsupported(name)
    if model.family.reasoning == "never":
        if effort is not None and model.name.startswith(("gpt-4", "gpt-3")):
            _unsupported("reasoning.effort")
        return
    if chat.is_reasoning(model, effort):
        for name in ("temperature", "top_p", "top_logprobs"):
            if getattr(request, name) not in (None, 1):
                _unsupported(name)


def _unsupported(name: str) -> None:
    refuse(
        f"Unsupported parameter: '{name}' is not supported with this model.",
        param=name,
        code="unsupported_parameter",
    )


def _check_format(request: ResponsesRequest) -> None:
    form = request.text.format if request.text else None
    if form is None or form.type != "json_schema":
        return
    for name in ("name", "schema"):
        if getattr(form, name) is None:
            at = f"text.format.{name}"
            refuse(f"Missing required parameter: '{at}'.", param=at, code="missing_required_parameter")
    if form.strict and form.schema is not None and (flaw := chat.strict_flaw(form.schema)):
        refuse(
            f"Invalid schema for response_format '{form.name}': In context=(), {flaw}.",
            param="text.format.schema",
            code="invalid_json_schema",
        )


def _check_item(item: Item, index: int) -> None:
    needed = {
        "message": ("role", "content"),
        "function_call": ("call_id", "name", "arguments"),
        "function_call_output": ("call_id", "output"),
        "reasoning": ("summary",),
    }.get(item.type, ())
    for name in needed:
        if getattr(item, name) is None:
            at = f"input[{index}].{name}"
            refuse(f"Missing required parameter: '{at}'.", param=at, code="missing_required_parameter")
    if item.type != "message" or isinstance(item.content, str):
        return
    wanted = "output_text" if item.role == "assistant" else "input_text"
    for number, part in enumerate(item.content or ()):
        kind = getattr(part, "type", "")
        if kind in ("input_text", "output_text") and kind != wanted:
            refuse(
                f"Invalid value: '{kind}'. Supported values are: '{wanted}'.",
                param=f"input[{index}].content[{number}].type",
                code="invalid_value",
            )


def _check_reasoning(item: Item, following: Item | None) -> None:
    if item.encrypted_content is not None and not is_sealed(item.encrypted_content):
        refuse(
            f"The encrypted content {item.encrypted_content[:8]}... could not be verified. Reason:"
            " Encrypted content could not be decrypted or parsed.",
            code="invalid_encrypted_content",
        )
    if following is None or following.type == "function_call_output" or following.role == "user":
        refuse(
            f"Item '{item.id}' of type 'reasoning' was provided without its required following item.",
            param="input",
        )
