"""The parts a provider is made of: the front page of the layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from swebench_runner.providers.core.capabilities import ModelFacts, ProviderCapabilities

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from swebench_runner.providers.core.capabilities import ModelInfo
    from swebench_runner.providers.core.config import ProviderConfig, Timeouts
    from swebench_runner.providers.core.errors import ProviderError
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import Frame, ProviderChunk


class AuthStrategy(Protocol):
    """How a key becomes a header."""

    def prepare_headers(self, base_headers: Mapping[str, str]) -> dict[str, str]:
        """A copy of the headers with the authentication added."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a request is encoded for.

    Attributes:
        provider: Name of the provider, for messages and responses.
        model: The model to ask.
        facts: What is known of the model.
        stream: Whether the answer is to be streamed.
    """

    provider: str
    model: str
    facts: ModelFacts = field(default_factory=ModelFacts)
    stream: bool = False


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request in the words of one dialect.

    Attributes:
        path: To be appended to the base URL.
        body: A JSON object.
        headers: Headers the dialect needs (versions, betas).
        warnings: What was dropped or renamed, in sentences.
    """

    path: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class FrameSplitter(Protocol):
    """Bytes to frames, at any split of the bytes. One object a stream."""

    def feed(self, data: bytes) -> Iterable[Frame]:
        """The frames that are complete now.

        Raises:
            ResponseFormatError: A line or an event is longer than allowed.
        """
        ...

    def flush(self) -> Iterable[Frame]:
        """What the end of input completes."""
        ...


class StreamDecoder(Protocol):
    """Frames of one dialect to chunks, and at the end to the whole answer. One object a stream."""

    @property
    def finished(self) -> bool:
        """Whether the protocol's last event was seen, so that nothing more needs to be read."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the answer may end here: `finish` would not raise. True no later than `finished`."""
        ...

    def feed(self, frame: Frame) -> ProviderChunk | None:
        """What this frame adds for the reader; None when nothing.

        Raises:
            ProviderError: The frame is an error, or is not what the protocol allows.
        """
        ...

    def finish(self) -> UnifiedResponse:
        """The whole answer.

        Raises:
            IncompleteStreamError: The terminator never came; what arrived is in `partial_text` and `usage`.
        """
        ...

    def partial(self) -> UnifiedResponse:
        """What has arrived so far, for an error to carry."""
        ...


class Transform(Protocol):
    """One dialect of the wire. Values in, values out; no I/O, no state between calls."""

    @property
    def dialect(self) -> str:
        """Its name: "openai_chat", "openai_responses", "anthropic_messages" or "ollama"."""
        ...

    def encode(self, request: UnifiedRequest, target: Target) -> WireRequest:
        """The request in the dialect's words.

        Raises:
            InvalidRequestError: The request asks for something the dialect cannot say.
        """
        ...

    def parse(self, body: Mapping[str, object], target: Target) -> UnifiedResponse:
        """The answer in a decoded, whole body.

        Raises:
            ProviderError: The body is an error under a success status.
            ResponseFormatError: The body is not an answer.
        """
        ...

    def splitter(self) -> FrameSplitter:
        """A new splitter for the framing of this dialect's streams."""
        ...

    def decoder(self, target: Target) -> StreamDecoder:
        """A new decoder for one stream."""
        ...

    def parse_models(self, body: Mapping[str, object]) -> list[ModelInfo]:
        """The entries of a model list."""
        ...


# These two are not frozen: each call makes one of each, and a frozen field costs five times as much to set.
@dataclass(slots=True)
class HttpRequest:
    """One HTTP call. Its repr shows no header and no body: they carry keys and prompts."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class HttpResponse:
    """A whole HTTP answer; headers are looked up in lower case (the mapping may ignore case)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class HttpStream(Protocol):
    """An HTTP answer that is still arriving."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Looked up in lower case (the mapping may ignore case)."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Pieces of the body as the network delivers them.

        Raises:
            ProviderConnectionError: The connection broke.
            ProviderTimeoutError: Nothing arrived within the idle or first-event timer.
        """
        ...

    async def read(self) -> bytes:
        """The rest of the body, bounded."""
        ...

    def content_arrived(self) -> None:
        """Tell the progress timer that the last piece got the answer on."""
        ...

    def answer_complete(self, grace_s: float) -> None:
        """The answer has all it needs: wait at most `grace_s` seconds for what may still come."""
        ...


class Transport(Protocol):
    """The seam to the network."""

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send and read the whole answer, whatever its status.

        Raises:
            ProviderConnectionError: No answer was had.
            ProviderTimeoutError: A timer ran out.
            ResponseFormatError: The body is larger than allowed.
        """
        ...

    def stream(self, request: HttpRequest, timeouts: Timeouts) -> AbstractAsyncContextManager[HttpStream]:
        """Send and hand out the answer while it arrives; leaving the block closes the connection."""
        ...

    async def aclose(self) -> None:
        """Close every connection of the running event loop."""
        ...


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens, and whether it was counted or estimated."""

    tokens: int
    exact: bool


class TokenCounter(Protocol):
    """Counts the tokens of text. `count_tokens` may be a coroutine; `acount_tokens` always is."""

    def count_tokens(self, text: str, model: str) -> object:
        """Tokens of `text`, or an awaitable of them."""
        ...

    async def acount_tokens(self, text: str, model: str) -> int:
        """Tokens of `text`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """A provider as a value: everything that differs from one endpoint to the next.

    Attributes:
        name: What a person types.
        title: What a person reads.
        base_url: Address that paths are appended to; "" when only the user knows it.
        auth: From a key to a strategy.
        transforms: The dialects it speaks, the default first, by `api` name ("chat", "responses",
            "messages", "ollama").
        key_env: Environment variables that may hold the key, first match wins.
        url_env: The same for the address.
        model_env: The same for the default model.
        requires_api_key: Whether a call without a key is pointless.
        default_model: Model when nobody names one; None when the user must.
        capabilities: What it offers.
        counter: Makes the counter for its prompts; called only when tokens are counted.
        facts: From a model's name to what is known of it.
        price_provider: Its name in the price catalogue; None when it costs nothing or nobody knows.
        free: True for hardware of one's own: the cost is 0, not unknown.
        models_path: Path of the model list.
        count_path: Path of the token-counting endpoint; None when there is none.
        normalize_url: Turns what people set as the address into what paths can be appended to.
        headers: From a config to headers that this endpoint wants on every call.
        classify: (status, headers, body, target) to the error it means; None for the shared rules.
        hints: `error_type` -> what to do next, where this provider has better advice than the error.
        docs_url: Where a person gets a key or reads on.
        provider_class: "module:Class" for a provider that does more than answer; None for the plain one.
    """

    name: str
    title: str
    base_url: str
    auth: Callable[[str], AuthStrategy]
    transforms: Mapping[str, Transform]
    key_env: Sequence[str] = ()
    url_env: Sequence[str] = ()
    model_env: Sequence[str] = ()
    requires_api_key: bool = True
    default_model: str | None = None
    capabilities: ProviderCapabilities = field(default_factory=ProviderCapabilities)
    counter: Callable[[], TokenCounter | None] = lambda: None
    facts: Callable[[str], ModelFacts] = ModelFacts
    price_provider: str | None = None
    free: bool = False
    models_path: str = "/models"
    count_path: str | None = None
    normalize_url: Callable[[str], str] = lambda url: url.rstrip("/")
    headers: Callable[[ProviderConfig], Mapping[str, str]] = lambda _config: {}
    classify: Callable[[int, Mapping[str, str], bytes, Target], ProviderError] | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    docs_url: str = ""
    provider_class: str | None = None
