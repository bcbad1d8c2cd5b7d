"""Ollama as a provider: it answers, and looks after the models on its server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from swebench_runner.providers.auth import BearerTokenAuth
from swebench_runner.providers.base import HealthReport
from swebench_runner.providers.bridge import get_bridge
from swebench_runner.providers.builtin.ollama.library import (
    InstalledModel,
    Library,
    ModelDetails,
    OllamaHealth,
    PullProgress,
    classify,
    same_model,
)
from swebench_runner.providers.catalog.models import default_model, facts, known_models
from swebench_runner.providers.core.capabilities import ProviderCapabilities
from swebench_runner.providers.core.errors import ProviderError
from swebench_runner.providers.core.protocols import ProviderSpec
from swebench_runner.providers.settings.urls import ollama_style
from swebench_runner.providers.spec_provider import SpecProvider
from swebench_runner.providers.transforms.ollama import Ollama

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from decimal import Decimal

    from swebench_runner.providers.core.capabilities import ModelFacts
    from swebench_runner.providers.core.protocols import Transport
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import ProviderChunk
    from swebench_runner.providers.core.usage import TokenUsage

_DIALECT: Final = Ollama()
_CLOUD_HOST: Final = "ollama.com"

SPEC: Final = ProviderSpec(
    name="ollama",
    title="Ollama",
    base_url="http://localhost:11434",
    auth=BearerTokenAuth,
    transforms={"ollama": _DIALECT},
    key_env=("OLLAMA_API_KEY",),
    url_env=("OLLAMA_HOST", "OLLAMA_BASE_URL"),
    model_env=("OLLAMA_MODEL",),
    requires_api_key=False,
    default_model=default_model("ollama"),
    capabilities=ProviderCapabilities(
        json_mode=True, thinking=True, paradigm="local", max_concurrency=4, models=known_models("ollama")
    ),
    facts=partial(facts, "ollama"),
    free=True,
    models_path="/api/tags",
    normalize_url=ollama_style,
    classify=classify,
    hints={
        "network": "start the server with `ollama serve`, or set OLLAMA_HOST",
        "authentication": (
            "a cloud model wants an account: `ollama signin`, or OLLAMA_API_KEY and"
            " OLLAMA_HOST=https://ollama.com"
        ),
    },
    docs_url="https://ollama.com/download",
    provider_class="swebench_runner.providers.builtin.ollama:OllamaProvider",
)


class OllamaProvider(SpecProvider):
    """Ollama as a class: `OllamaProvider(model="llama3.2")`.

    Besides answering it lists, shows, pulls and deletes models. A model's true window is asked for once,
    as soon as a prompt needs more than the window that every model is loaded with.
    """

    spec: ClassVar[ProviderSpec] = SPEC

    def __init__(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401 - as for `SpecProvider`
        super().__init__(*args, **settings)
        self._learned: dict[str, ModelFacts] = {}
        self._asking: dict[str, asyncio.Task[ModelFacts]] = {}

    @property
    def is_cloud(self) -> bool:
        """Whether ollama.com is asked, and not a machine of one's own."""
        host = urlsplit(self.base_url).hostname or ""
        return host == _CLOUD_HOST or host.endswith(f".{_CLOUD_HOST}")

    # -- answering ----------------------------------------------------------------------------

    def call_spec(self) -> ProviderSpec:
        """The spec with what this very server has said about its models."""
        return replace(self.spec, facts=self._facts)

    def facts(self, model: str | None = None) -> ModelFacts:
        """What is known of a model so far; `fetch_facts` asks the server."""
        return self._facts(model or self.model or "")

    async def generate_unified(self, request: UnifiedRequest) -> UnifiedResponse:
        """The answer to one request.

        Raises:
            ProviderError: As documented in `core.errors`.
        """
        if self._should_learn(request):
            await self._learn(request.model or self.model or "")
        return await super().generate_unified(request)

    def stream_unified(self, request: UnifiedRequest) -> AsyncGenerator[ProviderChunk, None]:
        """The answer in pieces; the last chunk carries the whole."""
        chunks = super().stream_unified(request)
        return self._learn_and_stream(request, chunks) if self._should_learn(request) else chunks

    async def _learn_and_stream(
        self, request: UnifiedRequest, chunks: AsyncGenerator[ProviderChunk, None]
    ) -> AsyncGenerator[ProviderChunk, None]:
        async with aclosing(chunks):
            await self._learn(request.model or self.model or "")
            async for chunk in chunks:
                yield chunk

    async def fetch_facts(self, model: str | None = None) -> ModelFacts:
        """What is known of a model, the server's own word on it included; it is asked once for each.

        Raises:
            ModelNotFoundError: It is not installed; the hint is the command that fetches it.
            ProviderError: The server did not answer.
        """
        name = model or self.model or ""
        known = self._learned.get(name)
        if known is not None:
            return known
        task = self._asking.get(name)
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            task = self._asking[name] = asyncio.ensure_future(self._fetch_facts(name))
        return await asyncio.shield(task)

    async def _fetch_facts(self, name: str) -> ModelFacts:
        shown = await self.show(name)
        self._learned[name] = shown.facts
        return shown.facts

    async def _learn(self, name: str) -> None:
        try:
            await self.fetch_facts(name)
        except ProviderError:
            # The call that follows meets the same trouble, tries again and says what is wrong.
            self._learned.setdefault(name, self.spec.facts(name))

    def _facts(self, model: str) -> ModelFacts:
        return self._learned.get(model) or self.spec.facts(model)

    def _should_learn(self, request: UnifiedRequest) -> bool:
        """Whether the prompt may need a larger window than the one that is always there."""
        if (request.model or self.model or "") in self._learned:
            return False
        from swebench_runner.providers.transforms import ollama_encode as sizes  # noqa: PLC0415 - start-up

        most = 3 * sizes.least_prompt_tokens(request) + 256 * len(request.tools)
        return most + (request.max_tokens or sizes.UNSAID_ANSWER_TOKENS) > sizes.DEFAULT_NUM_CTX

    def _cost_of(self, usage: TokenUsage, model: str) -> Decimal | None:
        """0 on one's own machine; unknown for models in Ollama's cloud, which are paid by subscription."""
        if self.is_cloud or model.endswith(("-cloud", ":cloud")):
            return usage.reported_cost_usd
        return super()._cost_of(usage, model)

    # -- models -------------------------------------------------------------------------------

    async def installed(self) -> list[InstalledModel]:
        """The models on the server's disk.

        Raises:
            ProviderError: The server did not answer.
        """
        return await self._library().models("/api/tags")

    async def ps(self) -> list[InstalledModel]:
        """The models in the server's memory, and how much of it they take.

        Raises:
            ProviderError: The server did not answer.
        """
        return await self._library().models("/api/ps")

    async def find(self, name: str) -> InstalledModel | None:
        """The installed model that a name means (`llama3` is `llama3:latest`); None when it is not there.

        Raises:
            ProviderError: The server did not answer.
        """
        return next((model for model in await self.installed() if same_model(name, model.name)), None)

    async def show(self, model: str | None = None) -> ModelDetails:
        """What the server says of a model.

        Raises:
            ModelNotFoundError: It is not installed; the hint is the command that fetches it.
        """
        name = model or self.model or ""
        known = self.spec.facts(name)
        wire = known.model or name
        body = await self._library().ask("POST", "/api/show", {"model": wire}, model=wire)
        able = body.get("capabilities")
        words = tuple(str(word) for word in able) if isinstance(able, list) else ()
        return ModelDetails(name, _DIALECT.parse_show(body, known), words, body)

    def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Fetch a model onto the server's disk: `async for progress in provider.pull("llama3.2")`.

        A pull that was cut short goes on where it stopped when it is asked for again.

        Raises:
            ModelNotFoundError: Ollama's library has no such model.
            IncompleteStreamError: The connection ended before the model was there.
            ProviderError: Disk full, no line, and whatever else the server says.
        """
        return self._library().pull(model)

    async def delete(self, model: str) -> None:
        """Take a model off the server's disk.

        Raises:
            ModelNotFoundError: It is not installed.
        """
        await self._library().ask("DELETE", "/api/delete", {"model": model}, model=model)
        self._learned.pop(model, None)

    def _library(self) -> Library:
        return Library(self.spec, self.config, self._network)

    def _network(self) -> Transport:
        if self._transport is None:
            from swebench_runner.providers.transport.http import HttpTransport  # noqa: PLC0415 - brings the HTTP library

            self._transport = HttpTransport()
        return self._transport

    # -- the server ---------------------------------------------------------------------------

    async def version(self) -> str:
        """The server's version.

        Raises:
            ProviderConnectionError: It is not running; the hint is the command that starts it.
        """
        return str((await self._library().ask("GET", "/api/version")).get("version") or "")

    async def health(self) -> OllamaHealth:
        """Whether the server runs, with what in its memory; a failure is reported, not raised."""
        limit = self.capabilities.max_concurrency
        started_s = self._clock.now_s()
        try:
            version = await self.version()
            latency_ms = (self._clock.now_s() - started_s) * 1000.0
            installed, loaded = await self.installed(), await self.ps()
        except ProviderError as error:
            latency_ms = (self._clock.now_s() - started_s) * 1000.0
            return OllamaHealth(
                ok=False, url=self.base_url, latency_ms=latency_ms, max_concurrency=limit, error=error
            )
        return OllamaHealth(
            ok=True,
            url=self.base_url,
            latency_ms=latency_ms,
            version=version,
            installed=len(installed),
            loaded=tuple(loaded),
            max_concurrency=limit,
        )

    async def check(self) -> HealthReport:
        """Whether it answers, with its version and models; a failure is reported, not raised."""
        found = await self.health()
        if found.error is not None:
            return HealthReport(
                ok=False, latency_ms=found.latency_ms, detail=str(found.error), error=found.error
            )
        detail = (
            f"{found.installed} models at {found.url}, {len(found.loaded)} loaded, Ollama {found.version}"
        )
        return HealthReport(ok=True, latency_ms=found.latency_ms, detail=detail, models=found.installed)

    # -- for code that cannot await -----------------------------------------------------------

    def fetch_facts_sync(self, model: str | None = None) -> ModelFacts:
        """`fetch_facts` for code that cannot await."""
        return get_bridge().run(self.fetch_facts(model))

    def installed_sync(self) -> list[InstalledModel]:
        """`installed` for code that cannot await."""
        return get_bridge().run(self.installed())

    def ps_sync(self) -> list[InstalledModel]:
        """`ps` for code that cannot await."""
        return get_bridge().run(self.ps())

    def show_sync(self, model: str | None = None) -> ModelDetails:
        """`show` for code that cannot await."""
        return get_bridge().run(self.show(model))

    def pull_sync(self, model: str) -> Iterator[PullProgress]:
        """`pull` for code that cannot await."""
        return get_bridge().iterate(self.pull(model))

    def delete_sync(self, model: str) -> None:
        """`delete` for code that cannot await."""
        get_bridge().run(self.delete(model))

    def health_sync(self) -> OllamaHealth:
        """`health` for code that cannot await."""
        return get_bridge().run(self.health())
