"""The question how many tokens a prompt has is the one that Anthropic's SDK asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracles import schemas
from oracles.capture import Answer
from oracles.cases_anthropic import CASES
from oracles.differences import unexplained
from oracles.sdk import KEY

if TYPE_CHECKING:
    from oracles.capture import CaptureServer
    from oracles.cases import Case
    from oracles.sdk import Sdks
    from swebench_runner.providers.core.protocols import TokenCount

NOT_COUNTED = {
    "max_tokens",
    "stop_sequences",
    "stream",
    "metadata",
    "extra_body",
    "extra_headers",
    "service_tier",
}
COUNTED = [case for case in CASES if not {"extra_body", "extra_headers", "service_tier"} & set(case.sdk)]


async def counted(url: str, case: Case) -> TokenCount:
    from swebench_runner.providers import create_provider

    provider = create_provider("anthropic", model=case.sdk["model"], api_key=KEY, base_url=url)
    try:
        return await provider.acount_tokens(case.request)
    finally:
        await provider.aclose()


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
def test_the_question_is_the_one_that_the_sdk_asks(case: Case, server: CaptureServer, sdks: Sdks) -> None:
    server.answer = Answer(b'{"input_tokens": 42}')
    count = asyncio.run(counted(server.url, case))
    mine = server.last
    arguments = {key: value for key, value in case.sdk.items() if key not in NOT_COUNTED}
    answer = sdks.call("anthropic_messages", replace(case, sdk=arguments, method="count_tokens"))
    assert (count.tokens, count.exact) == (answer.input_tokens, True)
    assert mine.path == server.last.path
    assert not unexplained("anthropic_messages", case, mine.body, server.last.body)
    if schemas.SPECS.exists():
        assert not schemas.faults("anthropic_count", mine.body)
