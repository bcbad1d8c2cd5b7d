"""What `provider doctor` says of a llama.cpp server that nobody here wrote."""

from __future__ import annotations

import pytest

from support_llama import CONTEXT_TOKENS, LlamaServer
from swebench_runner.providers import OpenAICompatibleProvider
from swebench_runner.providers.probing import find_local_servers, identify, save_profile

pytestmark = pytest.mark.servers


async def test_the_pages_say_what_it_is(llama_server: LlamaServer) -> None:  # A054, A056
    profile = await identify(f"{llama_server.url}/v1/chat/completions", trials=False)
    assert (profile.kind, profile.reachable, profile.needs_key) == ("llamacpp", True, False)
    assert profile.models == ("tiny",)
    assert profile.context_window == CONTEXT_TOKENS  # of a slot, not of all four together
    assert profile.version
    assert profile.base_url == f"{llama_server.url}/v1"


async def test_a_few_questions_show_what_it_can_do(llama_server: LlamaServer) -> None:
    profile = await identify(llama_server.url)
    assert (profile.tried, profile.streamed_usage, profile.terminator) == (True, True, "strict")
    assert profile.json_schema is True
    assert (profile.tools, profile.parallel_tools) == (False, False)  # the template of this model knows none
    assert profile.prefill is True
    assert profile.reasoning_field == "reasoning_content"
    assert profile.notes == ()


async def test_it_is_found_on_its_port(llama_server: LlamaServer) -> None:  # A055
    port = int(llama_server.url.rpartition(":")[2])
    (found,) = await find_local_servers([9, port])
    assert found.kind == "llamacpp"


async def test_what_was_found_is_obeyed(llama_server: LlamaServer) -> None:
    save_profile(await identify(llama_server.url))
    async with OpenAICompatibleProvider("tiny", base_url=llama_server.url) as provider:
        assert provider.facts().context_window == CONTEXT_TOKENS
        whole = await provider.generate("hi", max_tokens=8, temperature=0)
        streamed = await provider.generate("hi", max_tokens=8, temperature=0, stream=True)
    assert whole.content == streamed.content != ""
    assert streamed.usage.source == "provider"
