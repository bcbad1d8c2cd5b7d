"""Ollama as a person uses it: models listed, shown, fetched, deleted; and a window that the server knows best."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from swebench_runner.providers import (
    AuthenticationError,
    FallbackProvider,
    HttpRequest,
    IncompleteStreamError,
    MockProvider,
    ModelNotFoundError,
    OllamaProvider,
    ProviderConnectionError,
    ProviderError,
    ReplayTransport,
    Reply,
    UnifiedRequest,
    collect,
)
from swebench_runner.providers.builtin.ollama import PullProgress, same_model
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

DEAD = "http://127.0.0.1:9"
LONG = "word " * 20_000


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


@pytest.fixture
async def ollama(sim: Simulator) -> AsyncIterator[OllamaProvider]:
    async with OllamaProvider("llama3", base_url=sim.url) as provider:
        yield provider


def site(pages: Mapping[str, Any]) -> ReplayTransport:
    """A server with these answers by path; a `Reply` as it is, anything else as JSON."""

    def answer(request: HttpRequest) -> Reply:
        page = pages["/" + request.url.split("/", 3)[3]]
        return page if isinstance(page, Reply) else Reply(200, [json.dumps(page).encode()])

    return ReplayTransport(answer)


def lines(*objects: object) -> Reply:
    """A stream of lines."""
    return Reply(
        200, [json.dumps(one).encode() + b"\n" for one in objects], {"content-type": "application/x-ndjson"}
    )


def windows(transport: ReplayTransport) -> list[int]:
    """The windows that chats were asked with."""
    asked = [one for one in transport.requests if one.url.endswith(("/api/chat", "/api/generate"))]
    return [json.loads(one.body or b"")["options"]["num_ctx"] for one in asked]


SAID = {"model": "m", "message": {"role": "assistant", "content": "ok"}, "response": "ok", "done": True, "done_reason": "stop", "prompt_eval_count": 30_000, "eval_count": 1}  # fmt: skip
SHOWN = {"model_info": {"general.architecture": "llama", "llama.context_length": 131_072}, "capabilities": ["completion", "tools", "thinking"]}  # fmt: skip


# -- models ----------------------------------------------------------------------------------------


async def test_models_are_listed_with_their_sizes(ollama: OllamaProvider) -> None:  # A068
    models = {model.name: model for model in await ollama.installed()}
    found = models["llama3:latest"]
    assert (found.size_bytes, found.parameters, found.quantization) == (4_661_224_676, "8.0B", "Q4_K_M")
    assert found.modified_at.startswith("2026-")


@pytest.mark.parametrize(
    ("asked", "installed", "same"),
    [
        ("llama3", "llama3:latest", True),
        ("LLama3", "llama3:latest", True),
        ("llama3:8b", "llama3:8b", True),
        ("llama3", "llama3:8b", False),
        ("llama3", "llama3.2:latest", False),
        ("host:5000/me/m", "host:5000/me/m:latest", True),
    ],
)
def test_a_name_without_a_tag_means_the_latest(asked: str, installed: str, same: bool) -> None:  # A070
    assert same_model(asked, installed) is same


@pytest.mark.parametrize("name", ["llama3", "llama3:latest", "llama3.2", "gpt-oss:20b"])
async def test_an_installed_model_is_found(ollama: OllamaProvider, name: str) -> None:  # A070, A076
    found = await ollama.find(name)
    assert found is not None
    assert found.name in {name, f"{name}:latest"}
    assert await ollama.find("nobody-has-this") is None


async def test_a_missing_model_comes_with_the_command_that_fetches_it(sim: Simulator) -> None:  # A070
    async with OllamaProvider("no-such-model", base_url=sim.url) as provider:
        for call in (provider.generate("hi"), provider.show(), collect(provider.generate_stream("hi"))):
            with pytest.raises(ModelNotFoundError) as caught:
                await call
            assert "ollama pull no-such-model" in str(caught.value)


@pytest.mark.parametrize("model", ["llama3", "mistral", "llama3.3"])
async def test_the_first_models_of_the_plan_are_accepted(model: str) -> None:  # A076
    transport = site({"/api/generate": SAID})
    assert (await OllamaProvider(model, transport=transport).generate("hi")).content == "ok"


async def test_show_refines_what_the_catalogue_knows(ollama: OllamaProvider) -> None:
    details = await ollama.show("qwen3")
    assert details.facts.context_window is not None
    assert details.facts.tools is True
    assert "completion" in details.capabilities
    assert details.raw["license"] == "MIT"


async def test_a_pull_tells_how_far_it_is(sim: Simulator, ollama: OllamaProvider) -> None:  # A067
    await ollama.delete("llama3.2")
    assert await ollama.find("llama3.2") is None
    steps = [step async for step in ollama.pull("llama3.2")]
    assert (steps[0].status, steps[-1].status) == ("pulling manifest", "success")
    done = [step.completed_bytes for step in steps]
    assert done == sorted(done)
    assert steps[-1].completed_bytes == steps[-1].total_bytes > 10**9
    assert await ollama.find("llama3.2") is not None


async def test_layers_of_a_pull_are_added_up() -> None:
    steps = (
        {"status": "pulling a", "digest": "a", "total": 10},
        {"status": "pulling a", "digest": "a", "total": 10, "completed": 10},
        {"status": "pulling b", "digest": "b", "total": 5, "completed": 1},
        {"status": "success"},
    )
    provider = OllamaProvider("m", transport=site({"/api/pull": lines(*steps)}))
    assert [step async for step in provider.pull("m")] == [
        PullProgress("pulling a", 0, 10), PullProgress("pulling a", 10, 10), PullProgress("pulling b", 11, 15),
        PullProgress("success", 11, 15),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (lines({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}), ProviderError, "file does not exist"),
        (lines({"status": "pulling manifest"}), IncompleteStreamError, "pull it again"),
        (lines(), IncompleteStreamError, "its beginning"),
        (Reply(500, [b'{"error": "no space left on device"}']), ProviderError, "no space left"),
        (Reply(200, [b"not json\n"]), ProviderError, "not json"),
    ],
)  # fmt: skip
async def test_a_pull_that_fails_says_why(reply: Reply, error: type[ProviderError], words: str) -> None:
    provider = OllamaProvider("m", transport=site({"/api/pull": reply}))
    with pytest.raises(error, match=words) as caught:
        [step async for step in provider.pull("m")]
    assert caught.value.provider == "ollama"


async def test_what_is_deleted_is_gone_and_cannot_be_deleted_twice(ollama: OllamaProvider) -> None:  # A069
    await ollama.delete("gemma3")
    with pytest.raises(ModelNotFoundError):
        await ollama.delete("gemma3")


async def test_loaded_models_show_their_memory(ollama: OllamaProvider) -> None:  # A071
    assert await ollama.ps() == []
    await ollama.generate("hi")
    (loaded,) = await ollama.ps()
    assert loaded.name == "llama3:latest"
    assert loaded.gpu_bytes
    assert loaded.context_window
    assert loaded.expires_at


# -- the server ------------------------------------------------------------------------------------


async def test_health_says_version_models_memory_and_limit(ollama: OllamaProvider) -> None:  # A075, A071
    await ollama.generate("hi")
    health = await ollama.health()
    assert (health.ok, health.version, len(health.loaded)) == (True, "0.12.6", 1)
    assert health.installed > 6
    assert health.max_concurrency == 4
    assert health.latency_ms > 0
    report = await ollama.check()
    assert (report.ok, report.models) == (True, health.installed)
    assert "Ollama 0.12.6" in report.detail


async def test_a_service_that_is_down_comes_with_the_command_that_starts_it() -> None:  # A073
    async with OllamaProvider("m", base_url=DEAD, max_retries=0) as provider:
        for call in (
            provider.generate("hi"),
            provider.generate(LONG),
            provider.version(),
            provider.installed(),
        ):
            with pytest.raises(ProviderConnectionError, match="ollama serve"):
                await call
        with pytest.raises(ProviderConnectionError, match="ollama serve"):
            [step async for step in provider.pull("m")]
        health, report = await provider.health(), await provider.check()
    assert (health.ok, report.ok) == (False, False)
    assert "ollama serve" in report.detail


async def test_a_chain_goes_on_when_the_service_is_down() -> None:  # A073
    chain = FallbackProvider([OllamaProvider("m", base_url=DEAD, max_retries=0), MockProvider(["spare"])])
    assert (await chain.generate("hi")).content == "spare"


def test_the_synchronous_twins_do_the_same() -> None:
    with Simulator().start_in_thread() as sim:
        provider = OllamaProvider("llama3", base_url=sim.url)
        names = {model.name for model in provider.installed_sync()}
        assert "llama3:latest" in names
        provider.delete_sync("llama3")
        assert [step.status for step in provider.pull_sync("llama3")][-1] == "success"
        assert provider.show_sync().name == "llama3"
        assert provider.ps_sync() == []
        assert provider.health_sync().ok
        assert provider.fetch_facts_sync().context_window
        provider.close()


# -- the cloud -------------------------------------------------------------------------------------


async def test_cloud_models_take_a_key() -> None:
    async with Simulator(api_keys={"right"}) as sim:
        async with OllamaProvider("llama3", "right", base_url=sim.url) as provider:
            assert (await provider.generate("hi")).content
            assert await provider.installed()
        async with OllamaProvider("llama3", base_url=sim.url) as provider:
            for call in (provider.generate("hi"), provider.installed()):
                with pytest.raises(AuthenticationError, match="ollama signin"):
                    await call


@pytest.mark.parametrize(
    ("base_url", "model", "cost"),
    [
        ("http://localhost:11434", "llama3", Decimal(0)),
        ("https://ollama.com", "gpt-oss:120b", None),
        ("http://localhost:11434", "gpt-oss:120b-cloud", None),
        ("http://localhost:11434", "glm-5:cloud", None),
        ("https://notollama.com", "llama3", Decimal(0)),
    ],
)
async def test_what_runs_elsewhere_is_not_free(base_url: str, model: str, cost: Decimal | None) -> None:
    transport = site({"/api/generate": SAID | {"model": model}})
    response = await OllamaProvider(model, "k", base_url=base_url, transport=transport).generate("hi")
    assert response.cost == cost


# -- the window ------------------------------------------------------------------------------------


async def test_a_long_prompt_gets_the_window_that_the_server_says_the_model_has() -> None:
    transport = site({"/api/generate": SAID, "/api/show": SHOWN})
    provider = OllamaProvider("my-own-model", transport=transport)
    assert provider.facts().context_window is None
    for _ in range(2):
        assert (await provider.generate(LONG)).warnings == ()
    assert (await collect(provider.generate_stream(UnifiedRequest(LONG)))).content == "ok"
    assert windows(transport) == [65_536] * 3
    assert [one.url for one in transport.requests if one.url.endswith("/api/show")] == [
        "http://localhost:11434/api/show"
    ]
    assert provider.facts().context_window == 131_072


async def test_a_catalogue_that_is_behind_does_not_limit_the_window() -> None:
    transport = site({"/api/generate": SAID, "/api/show": SHOWN})
    provider = OllamaProvider("llama3", transport=transport)  # known for 8,192 tokens
    await provider.generate(LONG)
    assert windows(transport) == [65_536]


async def test_a_short_prompt_asks_nobody() -> None:
    transport = site({"/api/generate": SAID})
    provider = OllamaProvider("llama3", transport=transport)
    await provider.generate("hi")
    await collect(provider.generate_stream("hi"))
    assert windows(transport) == [4096, 4096]
    assert len(transport.requests) == 2


async def test_a_stream_learns_as_well() -> None:
    transport = site({"/api/generate": SAID, "/api/show": SHOWN})
    provider = OllamaProvider("m", transport=transport)
    assert (await collect(provider.generate_stream(LONG))).content == "ok"
    assert windows(transport) == [65_536]
    assert (await provider.fetch_facts()).context_window == 131_072
    assert len(transport.requests) == 2
    assert not provider.is_cloud


async def test_many_calls_at_once_ask_once() -> None:
    transport = site({"/api/generate": SAID, "/api/show": SHOWN})
    provider = OllamaProvider("m", transport=transport)
    await asyncio.gather(*(provider.generate(LONG) for _ in range(8)))
    assert sum(one.url.endswith("/api/show") for one in transport.requests) == 1


async def test_without_an_answer_about_the_window_the_call_goes_on() -> None:
    refused = Reply(500, [b'{"error": "busy"}'])
    transport = site({"/api/generate": SAID, "/api/show": refused})
    provider = OllamaProvider("llama3", transport=transport)
    response = await provider.generate(LONG)
    assert response.content == "ok"
    assert windows(transport) == [8192]
    assert any("may not fit" in warning for warning in response.warnings)


async def test_a_stream_that_is_left_before_it_began_leaves_nothing_open(ollama: OllamaProvider) -> None:
    stream = ollama.generate_stream(LONG)
    await stream.aclose()  # type: ignore[attr-defined]
