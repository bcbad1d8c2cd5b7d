"""The models on an Ollama server: listed, shown, fetched, deleted, and what of them lies in memory."""

from __future__ import annotations

import shlex
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.auth import BearerTokenAuth, NoAuth
from swebench_runner.providers.core.config import Timeouts
from swebench_runner.providers.core.errors import IncompleteStreamError, ModelNotFoundError, ProviderError
from swebench_runner.providers.core.protocols import HttpRequest, HttpResponse, Target

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from swebench_runner.providers.core.capabilities import ModelFacts
    from swebench_runner.providers.core.config import ProviderConfig
    from swebench_runner.providers.core.protocols import ProviderSpec, Transport

# A pull is silent while a digest is verified, and takes as long as the line needs.
PULL_TIMEOUTS: Final = Timeouts(first_event_s=120.0, idle_s=900.0, progress_s=None, attempt_s=None)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model on the server's disk, or in its memory.

    Attributes:
        name: With its tag: "llama3:latest".
        size_bytes: On disk; in memory for a loaded one.
        parameters: As the server writes it: "8.0B".
        quantization: "Q4_K_M".
        modified_at: ISO 8601, as the server says.
        gpu_bytes: Of a loaded model, what lies in the memory of the graphics card.
        context_window: Of a loaded model, the window that it is loaded with.
        expires_at: Of a loaded model, when it will be unloaded.
    """

    name: str
    size_bytes: int | None = None
    parameters: str = ""
    quantization: str = ""
    modified_at: str = ""
    gpu_bytes: int | None = None
    context_window: int | None = None
    expires_at: str = ""


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """What the server says of one model.

    Attributes:
        name: As asked for.
        facts: Its window and what it understands, the catalogue's knowledge included.
        capabilities: In the server's words: "completion", "tools", "thinking", "vision".
        raw: The whole answer: template, parameters, licence.
    """

    name: str
    facts: ModelFacts
    capabilities: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull is.

    Attributes:
        status: In the server's words; "success" is the last one.
        completed_bytes: Of all layers that were named so far.
        total_bytes: The same; 0 before the first is named.
    """

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0


@dataclass(frozen=True, slots=True)
class OllamaHealth:
    """The state of a server.

    Attributes:
        ok: It answers.
        url: Where it was asked.
        latency_ms: Until it said its version.
        version: Of the server.
        installed: Models on its disk.
        loaded: Models in its memory.
        max_concurrency: Calls at once that this provider makes; further ones wait in line.
        error: Why it does not answer; its hint says how to start it.
    """

    ok: bool
    url: str
    latency_ms: float
    version: str = ""
    installed: int = 0
    loaded: tuple[InstalledModel, ...] = ()
    max_concurrency: int | None = None
    error: ProviderError | None = None


def same_model(asked: str, installed: str) -> bool:
    """Whether a name means an installed model: `llama3` is `llama3:latest`."""
    tagged = asked if ":" in asked.rpartition("/")[2] else f"{asked}:latest"
    return tagged.lower() == installed.lower()


def classify(status: int, headers: Mapping[str, str], body: bytes, target: Target) -> ProviderError:
    """The shared rules, with the command that fetches a model that is missing."""
    from swebench_runner.providers.transforms.errors import classify_error  # noqa: PLC0415 - only failures need it

    error = classify_error(status, headers, body, target)
    if isinstance(error, ModelNotFoundError) and error.error_type != "wrong_path" and target.model:
        error.hint = f"fetch it first: `ollama pull {shlex.quote(target.model)}`"
    return error


class Library:
    """The pages of one server that are about models.

    Args:
        spec: For names and hints in errors.
        config: Address, key and timers.
        transport: Gives the network, as late as possible.
    """

    def __init__(
        self, spec: ProviderSpec, config: ProviderConfig, transport: Callable[[], Transport]
    ) -> None:
        self._spec = spec
        self._config = config
        self._transport = transport
        self._url = spec.normalize_url(config.base_url or spec.base_url)

    async def models(self, path: str) -> list[InstalledModel]:
        """The models of `/api/tags` (on disk) or `/api/ps` (in memory)."""
        body = await self.ask("GET", path)
        return [_model(entry) for entry in body.get("models") or () if isinstance(entry, dict)]

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """The steps of a pull."""
        layers: dict[str, tuple[int, int]] = {}
        status = ""
        async with aclosing(self._lines("/api/pull", {"model": model, "stream": True}, model)) as lines:
            async for line in lines:
                status = str(line.get("status") or "")
                if line.get("digest"):
                    done, total = _count(line.get("completed")), _count(line.get("total"))
                    layers[str(line["digest"])] = (done or 0, total or 0)
                yield PullProgress(
                    status,
                    sum(done for done, _ in layers.values()),
                    sum(total for _, total in layers.values()),
                )
        if status != "success":
            raise IncompleteStreamError(
                f"the pull of {model!r} ended at {status or 'its beginning'!r}",
                self._spec.name,
                hint="pull it again: what is there already is kept",
            )

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, model: str = ""
    ) -> dict[str, Any]:
        """A page as an object; {} for an empty one.

        Raises:
            ProviderError: There is no such model, or no server.
        """
        from swebench_runner.providers.replies import document, named, refusal  # noqa: PLC0415 - brings the JSON library

        target = Target(self._spec.name, model)
        try:
            reply = await self._transport().send(self._request(method, path, body), self._config.timeouts)
        except ProviderError as error:
            raise named(self._spec, target, error) from error.__cause__
        if not 200 <= reply.status < 300:
            raise refusal(self._spec, target, reply)
        return document(self._spec, target, reply) if reply.body.strip() else {}

    async def _lines(
        self, path: str, body: Mapping[str, Any], model: str
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The objects of a stream of lines; one that is an error is raised."""
        from swebench_runner.providers.replies import document, named, refusal  # noqa: PLC0415 - as above
        from swebench_runner.providers.streaming.json_lines import JSONLinesSplitter  # noqa: PLC0415 - as above

        target = Target(self._spec.name, model)
        splitter = JSONLinesSplitter()
        try:
            async with self._transport().stream(self._request("POST", path, body), PULL_TIMEOUTS) as reply:
                if not 200 <= reply.status < 300:
                    whole = HttpResponse(reply.status, reply.headers, await reply.read())
                    raise refusal(self._spec, target, whole)
                async for data in reply.chunks():
                    for frame in splitter.feed(data):
                        line = document(self._spec, target, HttpResponse(200, {}, frame.data))
                        if line.get("error"):
                            raise refusal(self._spec, target, HttpResponse(200, {}, frame.data))
                        yield line
        except ProviderError as error:
            raise named(self._spec, target, error) from error.__cause__

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> HttpRequest:
        import json  # noqa: PLC0415 - start-up

        key = self._config.key
        auth = BearerTokenAuth(key) if key else NoAuth()
        headers = auth.prepare_headers({**self._config.headers, "Content-Type": "application/json"})
        data = None if body is None else json.dumps(body).encode()
        return HttpRequest(method, self._url + path, headers, data)


def _model(entry: Mapping[str, Any]) -> InstalledModel:
    details = entry.get("details")
    about = details if isinstance(details, dict) else {}
    return InstalledModel(
        str(entry.get("name") or entry.get("model") or ""),
        _count(entry.get("size")),
        str(about.get("parameter_size") or ""),
        str(about.get("quantization_level") or ""),
        str(entry.get("modified_at") or ""),
        _count(entry.get("size_vram")),
        _count(entry.get("context_length")),
        str(entry.get("expires_at") or ""),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
