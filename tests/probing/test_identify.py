"""What is this server? Right about every costume of the simulator, about keys, and about what is no server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from swebench_runner.providers import (
    ConfigurationError,
    HttpRequest,
    ProviderConnectionError,
    ReplayTransport,
    Reply,
)
from swebench_runner.providers.probing import CapabilityProfile, find_local_servers, identify, identify_sync
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

COSTUMES = {
    "vllm": ("vllm", "0.11.2", 128_000, "reasoning", True),
    "llamacpp": ("llamacpp", "b6500-1d8d85c4", 128_000, "reasoning_content", True),
    "fastchat": ("fastchat", None, 128_000, None, False),
    "lmstudio": ("lmstudio", None, 128_000, "reasoning_content", True),
    "ollama": ("ollama", None, None, "reasoning", True),
}


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


def site(pages: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> ReplayTransport:
    """A server with these pages, by path; a number is a status, what is missing is a 404."""

    def answer(request: HttpRequest) -> Reply:
        page = pages.get("/" + request.url.split("/", 3)[3], 404)
        page = page(request) if callable(page) else page
        if isinstance(page, int):
            return Reply(page, [b'{"detail": "no"}'], dict(headers or {}))
        return Reply(200, [json.dumps(page).encode()], dict(headers or {}))

    return ReplayTransport(answer)


@pytest.mark.parametrize("costume", COSTUMES)
@pytest.mark.parametrize("path", ["", "/v1", "/v1/chat/completions"])
async def test_it_is_right_about_every_costume(costume: str, path: str, sim: Simulator) -> None:  # A056
    kind, version, window, _, _ = COSTUMES[costume]
    profile = await identify(f"{sim.url}/{costume}{path}", trials=False, model="sim-gold")
    assert (profile.kind, profile.version, profile.context_window) == (kind, version, window)
    assert (profile.reachable, profile.needs_key, profile.tried) == (True, False, False)
    assert profile.base_url == f"{sim.url}/{costume}/v1"
    assert "sim-gold" in profile.models
    assert profile.provider == kind
    assert sim.count() == 0  # no model was asked


@pytest.mark.parametrize("costume", COSTUMES)
async def test_a_few_questions_show_what_it_can_do(costume: str, sim: Simulator) -> None:
    field, streamed = COSTUMES[costume][3:]
    calls = await identify(f"{sim.url}/{costume}/v1", model="sim-tools@calls=2")
    assert (calls.tried, calls.tools, calls.parallel_tools, calls.json_schema) == (True, True, True, True)
    assert (calls.streamed_usage, calls.terminator) == (streamed, "strict")
    assert sim.count() == 4
    thinks = await identify(f"{sim.url}/{costume}/v1", model="sim-thinking")
    assert thinks.reasoning_field == field
    assert thinks.prefill is None  # the answer does not tell


async def test_ollamas_own_api_is_found_and_nothing_is_loaded(sim: Simulator) -> None:
    profile = await identify(sim.url, model="qwen3")
    assert (profile.kind, profile.version, profile.base_url) == ("ollama", "0.12.6", sim.url)
    assert (profile.tools, profile.reasoning_field, profile.streamed_usage) == (True, "thinking", True)
    assert (profile.needs_key, profile.tried) == (False, False)
    assert profile.context_window is not None
    assert "llama3:latest" in profile.models
    assert sim.count() == 0


async def test_nobody_there_is_an_answer_and_no_exception() -> None:  # A056
    profile = await identify("127.0.0.1:9")
    assert (profile.reachable, profile.kind, profile.base_url) == (False, "unknown", "http://127.0.0.1:9/v1")
    assert profile.notes[0].startswith("nothing answers: ")


@pytest.mark.parametrize("url", ["", "http://", "ftp://h", "http://h:x", "http://h:99999"])
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address"):
        await identify(url, transport=site({}))


async def test_passwords_and_queries_in_an_address_are_not_kept() -> None:
    profile = await identify("http://me:secret@h/v1?token=t", transport=site({"/v1/models": {"data": []}}))
    assert profile.base_url == "http://h/v1"
    assert "secret" not in json.dumps(profile.to_dict())


async def test_a_web_site_is_not_taken_for_a_model_server() -> None:
    profile = await identify("http://h", transport=site({"/v1/models": {"hello": "world"}}))
    assert (profile.kind, profile.reachable) == ("unknown", True)
    assert "does not speak OpenAI's dialect" in profile.notes[-1]


@pytest.mark.parametrize(
    ("pages", "headers", "kind"),
    [
        ({"/v1/models": {"data": [{"id": "m", "owned_by": "someone"}]}}, {}, "openai_compatible"),
        ({"/v1/models": {"data": [{"id": "m", "owned_by": "sglang", "max_model_len": 9}]}, "/version": {"version": "1"}}, {}, "openai_compatible"),
        ({"/v1/models": {"data": []}, "/version": {"version": "0.11"}}, {}, "vllm"),
        ({"/v1/models": {"data": []}, "/props": 401}, {"server": "llama.cpp"}, "llamacpp"),
        ({"/v1/models": {"data": []}, "/api/v1/models": {"models": [{"key": "m"}]}}, {}, "lmstudio"),
        ({"/v1/models": {"data": []}, "/api/v0/models": {"data": [{"id": "m", "state": "loaded"}]}}, {}, "lmstudio"),
        ({"/v1/models": 401}, {}, "openai_compatible"),
    ],
)  # fmt: skip
async def test_one_sign_is_enough(pages: Any, headers: Any, kind: str) -> None:
    profile = await identify("http://h", trials=False, transport=site(pages, headers=headers))
    assert profile.kind == kind


async def test_a_key_is_sent_only_after_a_refusal_and_only_where_it_is_wanted() -> None:
    def guarded(request: HttpRequest) -> object:
        return (
            {"data": [{"id": "m", "owned_by": "vllm"}]}
            if request.headers.get("Authorization") == "Bearer k"
            else 401
        )

    pages = {"/v1/models": guarded, "/version": {"version": "1"}}
    without = await identify("http://h", trials=False, transport=site(pages))
    assert (without.needs_key, without.key_accepted, without.models) == (True, None, ())
    wrong = await identify("http://h", key="x", trials=False, transport=site(pages))
    assert (wrong.key_accepted, wrong.notes) == (False, ("it refuses this key",))
    network = site(pages)
    right = await identify("http://h", key="k", trials=False, transport=network)
    assert (right.kind, right.key_accepted, right.models) == ("vllm", True, ("m",))
    with_key = [request.url for request in network.requests if "Authorization" in request.headers]
    assert with_key == ["http://h/v1/models"]


async def test_an_open_list_with_a_guarded_model_is_told(sim: Simulator) -> None:
    pages = {"/v1/models": {"data": [{"id": "m"}]}, "/v1/chat/completions": 401}
    profile = await identify("http://h", transport=site(pages))
    assert (profile.needs_key, profile.key_accepted, profile.tried) == (True, None, False)


async def test_a_server_that_refuses_options_is_asked_without_them() -> None:
    def chat(request: HttpRequest) -> object:
        body = json.loads(request.body or b"")
        if {"stream_options", "tools", "response_format"} & body.keys() or len(body["messages"]) > 1:
            return 400
        return {"choices": [{"delta": {"content": "yes"}}]}

    pages = {"/v1/models": {"data": [{"id": "embed-1"}, {"id": "m"}]}, "/v1/chat/completions": chat}
    profile = await identify("http://h", transport=site(pages))
    assert (profile.model, profile.tried) == ("m", True)
    found = (
        profile.streamed_usage,
        profile.tools,
        profile.parallel_tools,
        profile.json_schema,
        profile.prefill,
    )
    assert found == (False, False, False, False, False)
    assert profile.terminator == "none"


@pytest.mark.parametrize(
    ("text", "prefill"),
    [
        (" 4, 5, 6", True),
        ("Number by number, as you wish: 1, 2, 3, 4", True),
        ("1, 2, 3, 4", False),
        ("Sure!", None),
    ],
)
async def test_a_prefill_is_carried_on_or_not(text: str, prefill: bool | None) -> None:
    message = {
        "choices": [{"message": {"content": text}, "delta": {"content": text}, "finish_reason": "stop"}]
    }
    pages = {"/v1/models": {"data": [{"id": "m"}]}, "/v1/chat/completions": message}
    profile = await identify("http://h", transport=site(pages))
    assert profile.prefill is prefill
    assert profile.json_schema is False


async def test_a_model_that_fails_leaves_a_note() -> None:
    pages = {
        "/v1/models": {"data": [{"id": "m"}]},
        "/v1/chat/completions": {"error": {"message": "out of memory"}},
    }
    profile = await identify("http://h", transport=site(pages))
    assert profile.tried is False
    assert "out of memory" in profile.notes[-1]


async def test_a_connection_that_breaks_in_between_is_no_exception() -> None:
    def answer(request: HttpRequest) -> Reply:
        if request.url.endswith("/v1/models"):
            return Reply(200, [b'{"data": [{"id": "m"}]}'])
        return Reply(failure=ProviderConnectionError("reset"), before_headers=True)

    profile = await identify("http://h", transport=ReplayTransport(answer))
    assert (profile.kind, profile.tried) == ("openai_compatible", False)
    assert profile.notes == ("m gave no answer: reset",)


async def test_a_path_that_is_not_v1_is_kept() -> None:
    pages = {"/v1beta/openai/models": {"data": [{"id": "models/g", "owned_by": "google"}]}}
    profile = await identify("https://h/v1beta/openai/", trials=False, transport=site(pages))
    assert (profile.base_url, profile.kind) == ("https://h/v1beta/openai", "openai_compatible")


async def test_servers_on_this_machine_are_found_on_their_ports(sim: Simulator) -> None:  # A055
    found = await find_local_servers([9, sim.port, sim.port])
    assert [(one.kind, one.base_url) for one in found] == [("ollama", sim.url)]
    assert sim.count() == 0


def test_the_synchronous_twin_says_the_same() -> None:
    transport = site({"/v1/models": {"data": [{"id": "m", "owned_by": "fastchat"}]}})
    assert identify_sync("http://h", trials=False, transport=transport).kind == "fastchat"


def test_a_profile_survives_json_and_later_versions() -> None:
    profile = CapabilityProfile(
        base_url="http://h/v1", kind="vllm", models=("a", "b"), tools=True, notes=("n",)
    )
    values = json.loads(json.dumps(profile.to_dict()))
    assert CapabilityProfile.from_dict({**values, "later": 1}) == profile
    for broken in ({}, {"base_url": 1}, {"base_url": "x", "kind": "nonsense"}):
        with pytest.raises(ValueError, match="profile"):
            CapabilityProfile.from_dict(broken)


async def test_the_word_of_llama_cpp_on_its_template_outweighs_a_weak_model() -> None:
    caps = {"supports_tool_calls": True, "supports_parallel_tool_calls": False}
    pages = {
        "/v1/models": {"data": [{"id": "m", "meta": {"n_ctx_train": 512}}]},
        "/props": {"build_info": "b1", "chat_template_caps": caps},
        "/v1/chat/completions": {"choices": [{"message": {"content": "hm"}, "finish_reason": "stop"}]},
    }
    profile = await identify("http://h", transport=site(pages))
    assert (profile.kind, profile.tools, profile.parallel_tools) == ("llamacpp", True, False)
    assert profile.context_window == 512


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(404, [b'{"error": {"message": "no  such   model"}}']), "no such model"),
        (Reply(500, [b""]), "HTTP 500"),
        (Reply(200, [b"<html>hello</html>"]), "<html>hello</html>"),
    ],
)
async def test_the_words_of_a_failure_are_passed_on_in_one_line(answer: Reply, words: str) -> None:
    def respond(request: HttpRequest) -> Reply:
        listed = request.url.endswith("/v1/models")
        return Reply(200, [b'{"data": [{"id": "m"}]}']) if listed else answer

    profile = await identify("http://h", transport=ReplayTransport(respond))
    assert profile.tried is False
    assert profile.notes == (f"m gave no answer: {words}",)


async def test_without_a_model_nothing_is_tried() -> None:
    profile = await identify("http://h", transport=site({"/v1/models": {"data": []}}))
    assert (profile.kind, profile.model, profile.tried, profile.context_window) == (
        "openai_compatible",
        None,
        False,
        None,
    )
    empty = await identify(
        "http://h", transport=site({"/api/version": {"version": "1"}, "/api/tags": {"models": []}})
    )
    assert (empty.kind, empty.model) == ("ollama", None)
    assert "ollama pull" in empty.notes[-1]


@pytest.mark.parametrize(("key", "accepted"), [("", None), ("wrong", False), ("right", True)])
async def test_ollama_behind_a_key(key: str, accepted: bool | None) -> None:
    async with Simulator(api_keys={"right"}) as guarded:
        profile = await identify(guarded.url, key=key)
    assert (profile.kind, profile.needs_key, profile.key_accepted) == ("ollama", True, accepted)
    assert bool(profile.models) == bool(accepted)
