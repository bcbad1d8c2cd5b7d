"""What reaches OpenRouter from us is what its documents say to send with the OpenAI SDK, and follows its specification."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from oracles import ours, schemas
from oracles.cases_openrouter import CASES
from oracles.differences import unexplained
from oracles.test_bodies import ready_answer

if TYPE_CHECKING:
    from oracles.capture import Captured, CaptureServer
    from oracles.cases import Case
    from oracles.sdk import Sdks


def sent_by_us(case: Case, server: CaptureServer) -> Captured:
    server.answer = ready_answer("openai_chat", case)
    asyncio.run(ours.send("openrouter", server.url, case))
    return server.last


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_request_is_the_documented_one(case: Case, server: CaptureServer, sdks: Sdks) -> None:
    mine = sent_by_us(case, server)
    sdks.call("openai_chat", case)
    theirs = server.last
    assert mine.path == "/api/v1/chat/completions"
    assert mine.headers["authorization"] == theirs.headers["authorization"]
    assert not unexplained("openai_chat", case, mine.body, theirs.body)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_request_follows_the_specification(case: Case, server: CaptureServer) -> None:
    if not schemas.SPECS.exists():
        pytest.skip(schemas.ABSENT)
    assert not schemas.faults("openrouter_chat", sent_by_us(case, server).body)
