"""FastChat's own API server: what `provider doctor` says of it, and what our provider makes of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_fastchat import CONTEXT_TOKENS, MODEL, fastchat_server, find_environment, is_ready
from swebench_runner.providers import (
    AuthenticationError,
    ContextLengthError,
    ModelNotFoundError,
    ProviderError,
    RetryPolicy,
    ServerError,
    create_provider,
)
from swebench_runner.providers.probing import identify

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.servers
ENVIRONMENT = find_environment()  # now: the environment of each test points to another home
KEY = "sk-fastchat"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that lets everybody in."""
    if not is_ready(ENVIRONMENT):
        pytest.skip(f"no FastChat in {ENVIRONMENT}: tests/servers/build_fastchat.py installs it")
    with fastchat_server(ENVIRONMENT, tmp_path_factory.mktemp("fastchat")) as address:
        yield address


@pytest.fixture(scope="module")
def guarded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that wants a key."""
    if not is_ready(ENVIRONMENT):
        pytest.skip(f"no FastChat in {ENVIRONMENT}")
    with fastchat_server(ENVIRONMENT, tmp_path_factory.mktemp("fastchat"), key=KEY) as address:
        yield address


def connect(url: str, **settings: Any) -> Any:
    """Our provider for it, which tries once."""
    return create_provider("fastchat", settings.pop("model", MODEL), base_url=url, max_retries=0, **settings)


async def test_the_doctor_is_right_about_it(url: str) -> None:  # A053, A056
    profile = await identify(url)
    assert (profile.kind, profile.reachable, profile.needs_key) == ("fastchat", True, False)
    assert (profile.models, profile.context_window) == ((MODEL,), CONTEXT_TOKENS)
    assert (profile.tried, profile.streamed_usage, profile.terminator) == (True, False, "strict")
    assert (profile.tools, profile.parallel_tools, profile.json_schema) == (False, False, False)
    assert profile.reasoning_field is None
    assert profile.notes == ()


async def test_the_doctor_is_right_about_its_key(guarded_url: str) -> None:
    without = await identify(guarded_url)
    assert (without.needs_key, without.key_accepted, without.tried) == (True, None, False)
    wrong = await identify(guarded_url, key="sk-wrong")
    assert (wrong.needs_key, wrong.key_accepted) == (True, False)
    right = await identify(guarded_url, key=KEY)
    assert (right.kind, right.key_accepted, right.tried) == ("fastchat", True, True)


async def test_it_answers_whole_and_streamed(url: str) -> None:  # A053
    async with connect(url) as provider:
        whole = await provider.generate("hi", max_tokens=8)
        streamed = await provider.generate("hi", max_tokens=8, stream=True)
    assert whole.content == streamed.content == "hello there"
    assert (whole.usage.prompt_tokens, whole.usage.source) == (7, "provider")
    assert streamed.usage.source == "estimate"  # it never counts the tokens of a stream
    assert whole.cost == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_its_refusals_have_their_classes(url: str, guarded_url: str, stream: bool) -> None:
    failures: list[tuple[Any, str, type[ProviderError]]] = [
        (connect(url, model="nobody"), "hi", ModelNotFoundError),
        (connect(url), "word " * 4000, ContextLengthError),
        (connect(guarded_url, api_key="sk-wrong"), "hi", AuthenticationError),
    ]
    for provider, prompt, error in failures:
        async with provider:
            with pytest.raises(error):
                await provider.generate(prompt, stream=stream)


async def test_its_own_failures_are_tried_again_although_it_says_400(url: str) -> None:
    async with connect(url) as provider:
        provider._policy = RetryPolicy(base_s=0.0, max_attempts=2)
        with pytest.raises(ServerError) as caught:
            await provider.generate("break")
    assert caught.value.status_code == 400
    assert len(caught.value.attempts) == 2


async def test_a_failure_in_the_middle_of_a_stream_is_raised(url: str) -> None:
    async with connect(url) as provider:
        with pytest.raises(ProviderError, match="CUDA out of memory"):
            [chunk async for chunk in provider.generate_stream("break")]
