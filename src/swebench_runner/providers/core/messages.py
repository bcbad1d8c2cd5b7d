"""What is said in a conversation: messages, their parts, tool calls and tool results."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swebench_runner.providers.core.json import JSON


class MessageRole(StrEnum):
    """Who speaks. Equal to its own string."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class CacheMark:
    """Asks the provider to keep the prompt up to here; ignored by providers that cache by themselves."""

    ttl: Literal["5m", "1h"] = "5m"


@dataclass(frozen=True, slots=True)
class TextPart:
    """Plain text."""

    text: str = field(repr=False)
    _: KW_ONLY
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image, by address or by content: exactly one of `url` and `data`.

    Attributes:
        url: An https address; Ollama and some servers accept content only.
        data: The image itself, base64.
        media_type: For example "image/png"; needed with `data`.
        detail: OpenAI's "low", "high" or "auto".
    """

    url: str | None = None
    data: str | None = field(default=None, repr=False)
    media_type: str = "image/png"
    _: KW_ONLY
    detail: str | None = None
    cache: CacheMark | None = None

    def __post_init__(self) -> None:
        if (self.url is None) == (self.data is None):
            raise ValueError("an image needs exactly one of url= and data=")


@dataclass(frozen=True, slots=True)
class ThinkingPart:
    """Reasoning of the model, kept so that it can be sent back exactly as it came.

    Attributes:
        text: What is readable of it; may be empty.
        signature: Proof of origin, byte for byte as received; Anthropic refuses a changed one.
        redacted: Encrypted reasoning without text (Anthropic `redacted_thinking`).
        dialect: The wire dialect that it came from; other dialects leave it out of the history.
        raw: The wire item itself where the fields above do not carry all of it (a Responses
            `reasoning` item, OpenRouter's `reasoning_details` entry).
    """

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    _: KW_ONLY
    dialect: str | None = None
    raw: Mapping[str, JSON] | None = None


@dataclass(frozen=True, slots=True)
class RefusalPart:
    """The model's own words for declining."""

    text: str


@dataclass(frozen=True, slots=True)
class OpaquePart:
    """A block that only its own dialect understands (a server-side tool, say), kept for the way back."""

    dialect: str
    value: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants run.

    Attributes:
        id: Unique within the response, to be quoted by the result.
        name: The tool.
        input: Its arguments as an object; {} when the model gave none.
        wire_id: The identifier of the item on the wire where it differs from `id`
            (a Responses item `fc_…`, an id that was missing or shared between calls).
        error: Why the arguments could not be read (cut off, not JSON, not an object); `input` is then {}
            and `raw_arguments` holds the text. None for a call that can be run.
        raw_arguments: The arguments exactly as received, when they came as text.
        extra: Vendor fields to send back with the call (a thought signature, for example).
    """

    id: str
    name: str
    input: Mapping[str, JSON] = field(default_factory=dict)
    _: KW_ONLY
    wire_id: str | None = None
    error: str | None = None
    raw_arguments: str | None = field(default=None, compare=False)
    extra: Mapping[str, JSON] | None = None

    def to_dict(self) -> dict[str, JSON]:
        """As plain JSON."""
        return {"id": self.id, "name": self.name, "input": dict(self.input)}


ContentPart = TextPart | ImagePart | ThinkingPart | RefusalPart | OpaquePart | ToolCall


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered."""

    tool_call_id: str
    name: str
    content: str | Sequence[TextPart | ImagePart] = field(repr=False)
    is_error: bool = False
    metadata: Mapping[str, JSON] = field(default_factory=dict)

    def to_message(self) -> Message:
        """The message that carries this result back to the model."""
        return Message(
            MessageRole.TOOL,
            self.content if isinstance(self.content, str) else tuple(self.content),
            tool_call_id=self.tool_call_id,
            name=self.name,
            is_error=self.is_error,
        )

    def to_dict(self) -> dict[str, JSON]:
        """As plain JSON; images are left out."""
        return {
            "tool_call_id": self.tool_call_id,
            "name": self.name,
            "content": self.to_message().text,
            "is_error": self.is_error,
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True, slots=True)
class Message:
    """One turn.

    Attributes:
        role: A `MessageRole` or its string.
        content: Text, or parts in their order. Tool calls may stand among the parts, where their
            place matters (Anthropic), or in `tool_calls`.
        tool_calls: Calls that the assistant made in this turn.
        tool_call_id: In a tool message, the call that is answered.
        name: In a tool message, the tool; otherwise an optional speaker.
        is_error: In a tool message, whether the tool failed.
        cache: Keep the prompt up to the end of this message.
    """

    role: MessageRole
    content: str | Sequence[ContentPart] | None = field(default="", repr=False)
    tool_calls: Sequence[ToolCall] = ()
    tool_call_id: str | None = None
    name: str | None = None
    _: KW_ONLY
    is_error: bool = False
    cache: CacheMark | None = None

    def __post_init__(self) -> None:
        if type(self.role) is not MessageRole:
            object.__setattr__(self, "role", MessageRole(self.role))
        if self.tool_calls is None:
            object.__setattr__(self, "tool_calls", ())

    @property
    def text(self) -> str:
        """The text parts, joined."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "".join(part.text for part in self.content if isinstance(part, TextPart))

    def parts(self) -> list[ContentPart]:
        """Everything in this turn in order: the content, then calls that the content does not hold yet."""
        if self.content is None or isinstance(self.content, str):
            parts: list[ContentPart] = [TextPart(self.content)] if self.content else []
        else:
            parts = list(self.content)
        placed = {part.id for part in parts if isinstance(part, ToolCall)}
        parts.extend(call for call in self.tool_calls if call.id not in placed)
        return parts

    def calls(self) -> list[ToolCall]:
        """The tool calls of this turn, wherever they stand."""
        return [part for part in self.parts() if isinstance(part, ToolCall)]

    def to_dict(self) -> dict[str, JSON]:
        """As plain JSON: role, text, and what is set of the rest. Images and thinking are left out."""
        out: dict[str, JSON] = {"role": self.role.value, "content": self.text}
        if calls := self.calls():
            out["tool_calls"] = [call.to_dict() for call in calls]
        if self.tool_call_id is not None:
            out["tool_call_id"] = self.tool_call_id
        if self.name is not None:
            out["name"] = self.name
        if self.is_error:
            out["is_error"] = True
        return out

    @classmethod
    def from_dict(cls, value: Mapping[str, JSON]) -> Message:
        """The message that `to_dict` described; also reads `{"role": …, "content": "…"}` of other tools.

        Raises:
            ValueError: The role is unknown or a field has the wrong shape.
        """
        content = value.get("content") or ""
        calls = value.get("tool_calls") or ()
        if not isinstance(content, str) or isinstance(calls, str) or not hasattr(calls, "__iter__"):
            raise ValueError("a message as a dict has text in 'content' and a list in 'tool_calls'")
        tool_call_id, name = value.get("tool_call_id"), value.get("name")
        return cls(
            MessageRole(str(value.get("role"))),
            content,
            tuple(_call_from_dict(call) for call in calls),
            None if tool_call_id is None else str(tool_call_id),
            None if name is None else str(name),
            is_error=value.get("is_error") is True,
        )


def _call_from_dict(value: object) -> ToolCall:
    match value:
        case {"id": str(call_id), "name": str(name), **rest}:
            arguments = rest.get("input") or {}
            if isinstance(arguments, dict):
                return ToolCall(call_id, name, arguments)
    raise ValueError("a tool call as a dict is {'id': …, 'name': …, 'input': {…}}")
