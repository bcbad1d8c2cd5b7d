"""The sixteen failover scenarios, as a caller with no retries of its own meets them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from support_simulator import DIALECTS, HEADERS, PATHS, Answer, ask_body, events_of, text_of
from swebench_runner.providers.core.clock import ManualClock
from swebench_runner.simulator import SCENARIO_TEXT, Simulator, describe_behaviours

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def attempt(ask: Callable[..., Any]) -> Callable[..., Any]:
    """`await attempt("01")`: one streamed chat call of a scenario."""

    async def call(number: str, dialect: str = "openai") -> Answer:
        return await ask(dialect, f"scn-{number}", stream=True)

    return call


def text(answer: Answer, dialect: str = "openai") -> str:
    return text_of(dialect, events_of(answer.body))


def test_there_are_sixteen_and_two_fallbacks() -> None:
    names = [row["name"] for row in describe_behaviours() if row["group"] == "scenarios"]
    assert names == [f"scn-{number:02}" for number in range(1, 17)] + ["scn-ok", "scn-noprefill"]
    assert len(SCENARIO_TEXT.split()) == 60


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("number", "status"), [("01", 429), ("03", 500)])
async def test_once_and_then_healthy(
    dialect: str, number: str, status: int, attempt: Callable[..., Any]
) -> None:
    first, second, third = [await attempt(number, dialect) for _ in range(3)]
    assert [first.status, second.status, third.status] == [status, 200, 200]
    assert first.headers.get("Retry-After") == ("2" if number == "01" else None)
    assert text(second, dialect) == text(third, dialect) == SCENARIO_TEXT


@pytest.mark.parametrize(
    ("number", "status"), [("02", 429), ("04", 503), ("12", 400), ("13", 400), ("16", 503)]
)
async def test_for_ever(number: str, status: int, attempt: Callable[..., Any], sim: Simulator) -> None:
    answers = [await attempt(number) for _ in range(4)]
    assert [answer.status for answer in answers] == [status] * 4
    assert "Retry-After" not in answers[0].headers
    codes = {"12": "context_length_exceeded", "13": "content_policy_violation"}
    if number in codes:
        assert answers[0].json["error"]["code"] == codes[number]
    assert sim.count(model=f"scn-{number}") == 4


async def test_a_reset_once(attempt: Callable[..., Any]) -> None:
    first, second = await attempt("05"), await attempt("05")
    assert isinstance(first.error, aiohttp.ClientError)
    assert first.body == b""
    assert text(second) == SCENARIO_TEXT


@pytest.mark.parametrize("number", ["08", "14"])
async def test_dying_after_forty_of_sixty_tokens(number: str, attempt: Callable[..., Any]) -> None:
    answer = await attempt(number)
    assert isinstance(answer.error, aiohttp.ClientPayloadError)
    assert text(answer) == " ".join(SCENARIO_TEXT.split()[:40])
    assert b'"finish_reason":"stop"' not in answer.body


async def test_the_tenth_event_is_broken_and_the_rest_is_fine(attempt: Callable[..., Any]) -> None:
    answer = await attempt("10")
    data = [line for line in answer.body.split(b"\n\n") if line.startswith(b"data: ")]
    # The first event says the role, so the tenth piece of text is the eleventh event.
    assert data[10] == b'data: {"broken": [1, 2'
    del data[10]
    words = SCENARIO_TEXT.split()
    assert text_of("openai", events_of(b"\n\n".join(data))) == " ".join(words[:9] + words[10:])


async def test_complete_without_done(attempt: Callable[..., Any]) -> None:
    answer = await attempt("11")
    assert text(answer) == SCENARIO_TEXT
    assert b"[DONE]" not in answer.body
    assert events_of(answer.body)[-1]["usage"]["completion_tokens"] > 0


async def test_the_fallbacks(attempt: Callable[..., Any], send: Callable[..., Any]) -> None:
    assert text(await attempt("ok")) == text(await attempt("noprefill")) == SCENARIO_TEXT
    for dialect in ("openai", "anthropic"):
        body = ask_body(dialect, "scn-noprefill")
        body["messages"].append({"role": "assistant", "content": "lorem"})
        refused = await send(PATHS[dialect], body, HEADERS[dialect])
        assert (refused.status, "prefill" in refused.body.decode()) == (400, True)


async def test_silence_where_it_is_promised() -> None:
    clock = ManualClock()

    async def begin(
        session: aiohttp.ClientSession, url: str, number: str
    ) -> asyncio.Task[aiohttp.ClientResponse]:
        body = ask_body("openai", f"scn-{number}", stream=True)
        asked = asyncio.create_task(session.post(url + PATHS["openai"], json=body, headers=HEADERS["openai"]))
        for _ in range(200):
            await asyncio.sleep(0)
        return asked

    async with Simulator(clock=clock) as sim, aiohttp.ClientSession() as session:
        never = await begin(session, sim.url, "06")
        await clock.advance(1000)
        assert not never.done()
        never.cancel()
        await asyncio.gather(never, return_exceptions=True)

        late = await (await begin(session, sim.url, "07"))
        await clock.advance(19.9)
        assert late.content.total_bytes == 0
        await clock.advance(0.2)
        assert text_of("openai", events_of(await late.read())) == SCENARIO_TEXT

        stalled = await (await begin(session, sim.url, "09"))
        begun = await stalled.content.readany()
        assert text_of("openai", events_of(begun)) == " ".join(SCENARIO_TEXT.split()[:20])
        await clock.advance(29.9)
        assert stalled.content.exception() is None
        await clock.advance(0.2)
        with pytest.raises(aiohttp.ClientPayloadError):
            await stalled.content.readany()
        stalled.close()


async def test_an_outage_of_a_minute() -> None:
    clock = ManualClock()
    async with Simulator(clock=clock) as sim, aiohttp.ClientSession() as session:
        statuses = []
        for _ in range(20):
            body = ask_body("openai", "scn-15", stream=True)
            async with session.post(
                sim.url + PATHS["openai"], json=body, headers=HEADERS["openai"]
            ) as response:
                await response.read()
                statuses.append(response.status)
            await clock.advance(4)
        assert statuses == [503] * 15 + [200] * 5
        assert sim.count(model="scn-15", status=503) == 15
