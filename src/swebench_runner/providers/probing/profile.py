"""What was found out about one server, as a value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swebench_runner.providers.core.capabilities import ModelFacts

ServerKind = Literal["vllm", "llamacpp", "fastchat", "lmstudio", "ollama", "openai_compatible", "unknown"]
Terminator = Literal["strict", "done_only", "none"]
TITLES: Final[Mapping[str, str]] = {
    "vllm": "vLLM",
    "llamacpp": "llama.cpp server",
    "fastchat": "FastChat",
    "lmstudio": "LM Studio",
    "ollama": "Ollama",
    "openai_compatible": "OpenAI-compatible server",
    "unknown": "unknown server",
}
# Which of our providers speaks to it best.
PROVIDERS: Final[Mapping[str, str]] = {kind: kind for kind in get_args(ServerKind)} | {
    "unknown": "openai_compatible"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityProfile:
    """One server. None is "not found out": it may or may not.

    Attributes:
        base_url: Address that paths are appended to.
        kind: Which software answers there.
        reachable: Whether anything answered at all.
        version: As the server says.
        needs_key: Whether it refuses those without one.
        key_accepted: Whether the key that was given opened the door; None without a key, or where none is
            needed.
        models: Names to ask for.
        model: The one that was tried out, or would be.
        context_window: Tokens that fit into that model as it is loaded.
        streamed_usage: A stream ends with its token counts when asked to.
        tools: Tools are understood and called.
        parallel_tools: Several calls come in one answer.
        json_schema: An answer is held to a schema.
        reasoning_field: Where reasoning stands in a message ("reasoning_content", "reasoning", "thinking").
        prefill: An answer that was begun is carried on.
        terminator: What ends a stream (see `OpenAIChat.terminator`).
        tried: Whether the model was asked, and not only the pages of the server.
        latency_ms: Until the first page was there.
        probed_at: When this was found out, ISO 8601 in UTC.
        notes: What a person should know, in sentences.
    """

    base_url: str
    kind: ServerKind = "unknown"
    reachable: bool = True
    version: str | None = None
    needs_key: bool | None = None
    key_accepted: bool | None = None
    models: Sequence[str] = ()
    model: str | None = None
    context_window: int | None = None
    streamed_usage: bool | None = None
    tools: bool | None = None
    parallel_tools: bool | None = None
    json_schema: bool | None = None
    reasoning_field: str | None = None
    prefill: bool | None = None
    terminator: Terminator | None = None
    tried: bool = False
    latency_ms: float | None = None
    probed_at: str = ""
    notes: Sequence[str] = ()

    @property
    def title(self) -> str:
        """The software's name as a person reads it."""
        return TITLES[self.kind]

    @property
    def provider(self) -> str:
        """The provider of ours to use for it."""
        return PROVIDERS[self.kind]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "models": list(self.models), "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CapabilityProfile:
        """A profile from JSON; fields of a later version are passed over.

        Raises:
            ValueError: It has no address, or a kind that nobody knows.
        """
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in values.items() if name in known}
        if not isinstance(given.get("base_url"), str):
            raise ValueError("a profile has no base_url")  # noqa: TRY004 - a value, from a file
        if given.get("kind", "unknown") not in get_args(ServerKind):
            raise ValueError(f"a profile speaks of {given['kind']!r}")
        lists = {name: tuple(given.get(name) or ()) for name in ("models", "notes")}
        return cls(**{**given, **lists})

    def chat_options(self) -> dict[str, Any]:
        """How `OpenAIChat` is to speak to this server; what is unknown is left to its defaults."""
        options: dict[str, Any] = {"terminator": self.terminator or "done_only"}
        if self.streamed_usage is False:
            options["stream_usage"] = False
        if self.kind in {"vllm", "llamacpp"}:
            options["reasoning"] = "template"
        elif self.kind == "fastchat":
            options["reasoning"] = "none"
        if self.reasoning_field is not None and self.kind != "openai_compatible":
            options["replay"] = "content"
        return options

    def refine(self, known: ModelFacts) -> ModelFacts:
        """Facts of a model with what this server says about it."""
        from dataclasses import replace  # noqa: PLC0415 - rarely needed

        tools = self.tools if known.tools is None else known.tools
        if self.model is not None and known.model not in {self.model, ""}:
            return known
        return replace(known, context_window=self.context_window or known.context_window, tools=tools)
