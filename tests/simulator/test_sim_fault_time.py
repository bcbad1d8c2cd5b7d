"""Faults that take time, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from support_simulator import DIALECTS, HEADERS, PATHS, ask_body, events_of, text_of
from swebench_runner.providers.core.clock import ManualClock
from swebench_runner.simulator import SCENARIO_TEXT, Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

every_dialect = pytest.mark.parametrize("dialect", DIALECTS)
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


class Timed:
    """A simulator on a clock of its own, and one request to it at a time."""

    def __init__(self, sim: Simulator, clock: ManualClock, session: aiohttp.ClientSession) -> None:
        self.sim, self.clock, self.session = sim, clock, session

    async def open(self, dialect: str, model: str, *, stream: bool) -> aiohttp.ClientResponse:
        body = ask_body(dialect, model, stream=stream)
        return await self.session.post(self.sim.url + PATHS[dialect], json=body, headers=HEADERS[dialect])

    async def until(self, count: int) -> None:
        """Let the loop turn until the simulator waits for `count` sleepers."""
        await self.turn_until(lambda: len(self.clock._sleepers) >= count)

    async def turn_until(self, reached: Callable[[], bool]) -> None:
        """Let the loop turn; nothing real is waited for but the loopback."""
        while not reached():  # noqa: ASYNC110 - there is no event for what another task has got to
            await asyncio.sleep(0)


@pytest.fixture
async def timed() -> AsyncIterator[Timed]:
    clock = ManualClock()
    async with Simulator(clock=clock) as sim, aiohttp.ClientSession() as session:
        yield Timed(sim, clock, session)


@every_dialect
@both_ways
async def test_a_slow_answer_takes_its_time(dialect: str, stream: bool, timed: Timed) -> None:
    asked = asyncio.create_task(timed.open(dialect, "sim-lorem@tokens=5@first=3@idle=2", stream=stream))
    await timed.until(1)
    await timed.clock.advance(2.9)
    assert timed.sim.in_flight == 1
    await timed.clock.advance(0.1 + 5 * 2)
    response = await asked
    body = await response.read()
    assert (
        text_of(dialect, events_of(body) if stream else await response.json()) == "lorem ipsum dolor sit amet"
    )
    assert timed.sim.requests[-1].outcome == "finished"
    taken_s = (timed.sim.requests[-1].finished_s or 0) - timed.sim.requests[-1].started_s
    assert taken_s == pytest.approx(13)


@pytest.mark.parametrize(
    ("model", "wait_s", "status"),
    [("sim-500@first=3", 3, 500), ("sim-quota@first=3", 3, 429), ("sim-cut@first=1@idle=1@after=4", 5, 200)],
)
async def test_faults_keep_the_pace_too(model: str, wait_s: float, status: int, timed: Timed) -> None:
    asked = asyncio.create_task(timed.open("openai", model, stream=True))
    await timed.until(1)
    await timed.clock.advance(wait_s - 0.1)
    assert timed.sim.in_flight == 1
    await timed.clock.advance(0.2)
    response = await asked
    await response.read()
    assert (response.status, timed.sim.in_flight) == (status, 0)


async def test_a_rate_is_kept_over_the_whole_answer(timed: Timed) -> None:
    response = await timed.open("openai", "sim-lorem@tokens=100@rate=10", stream=True)
    await timed.until(1)
    await timed.clock.advance(3.95)
    seen = b""
    while seen.count(b'"content":"') < 40:
        seen += await response.content.readany()
    assert seen.count(b'"content":" ') == 39
    await timed.clock.advance(10)
    assert b"[DONE]" in await response.read()


@every_dialect
@both_ways
async def test_a_stall_is_silent_and_then_closes(dialect: str, stream: bool, timed: Timed) -> None:
    response = await timed.open(dialect, "sim-stall@after=20@s=30", stream=stream)
    await timed.until(1)
    await timed.clock.advance(29.9)
    assert timed.sim.in_flight == 1
    await timed.clock.advance(0.2)
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()
    assert timed.sim.requests[-1].outcome == "broken"


@every_dialect
@both_ways
async def test_silence_ends_with_a_closed_connection(dialect: str, stream: bool, timed: Timed) -> None:
    asked = asyncio.create_task(timed.open(dialect, "sim-silent@s=100", stream=stream))
    await timed.until(1)
    await timed.clock.advance(99)
    assert not asked.done()
    await timed.clock.advance(2)
    with pytest.raises(aiohttp.ClientError):
        await asked
    assert (timed.sim.requests[-1].outcome, timed.sim.requests[-1].status) == ("broken", None)


@every_dialect
@both_ways
async def test_silence_without_an_end_lasts_until_the_client_goes(
    dialect: str, stream: bool, timed: Timed
) -> None:
    asked = asyncio.create_task(timed.open(dialect, "sim-silent", stream=stream))
    await timed.turn_until(lambda: timed.sim.in_flight == 1)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await timed.turn_until(lambda: timed.sim.in_flight == 0)
    assert (timed.sim.requests[-1].outcome, timed.sim.requests[-1].status) == ("aborted", None)
    assert timed.sim.max_in_flight == 1


@every_dialect
@both_ways
async def test_signs_of_life_are_not_an_answer(dialect: str, stream: bool, timed: Timed) -> None:
    response = await timed.open(dialect, "sim-pings@every=1@s=5", stream=stream)
    await timed.until(1)
    await timed.clock.advance(4.5)
    assert timed.sim.in_flight == 1
    await timed.clock.advance(1)
    body = await response.read()
    signs = {
        "anthropic": b"event: ping\ndata: ",
        "ollama": b"\n",
        "openrouter": b": OPENROUTER PROCESSING\n\n",
    }
    sign = signs.get(dialect, b": keep-alive\n\n") if stream else b"\n"
    assert body.startswith(sign * (1 if dialect == "anthropic" and stream else 5))
    assert text_of(dialect, events_of(body) if stream else await response.json()) == SCENARIO_TEXT


@both_ways
async def test_a_slow_loris_sends_a_byte_at_a_time(stream: bool, timed: Timed) -> None:
    response = await timed.open("ollama", "sim-slowloris@every=5", stream=stream)
    await timed.until(1)
    for count in (1, 2, 3):
        assert await response.content.readexactly(1)
        assert timed.clock.now_s() == (count - 1) * 5
        await timed.clock.advance(5)
    await timed.clock.advance(5 * 100_000)
    rest = await response.read()
    assert b'"done":true' in rest
    assert timed.sim.requests[-1].outcome == "finished"


@every_dialect
@both_ways
async def test_an_endless_answer_ends_with_the_client(dialect: str, stream: bool, timed: Timed) -> None:
    response = await timed.open(dialect, "sim-endless@every=0", stream=stream)
    got = 0
    while got < 300_000:
        got += len(await response.content.readany())
    response.close()
    await timed.turn_until(lambda: timed.sim.in_flight == 0)
    assert timed.sim.requests[-1].outcome == "aborted"


async def test_an_outage_is_over_after_its_time(timed: Timed) -> None:
    async def status() -> int:
        response = await timed.open("openai", "sim-outage@s=60", stream=False)
        await response.read()
        return response.status

    await timed.clock.advance(1000)
    assert await status() == 503
    await timed.clock.advance(59)
    assert await status() == 503
    await timed.clock.advance(1.5)
    assert await status() == 200
    timed.sim.reset()
    assert await status() == 503


async def test_retry_after_comes_in_every_form(timed: Timed) -> None:
    async def headers(options: str) -> Any:
        response = await timed.open("openai", f"sim-429@retry_after=2{options}", stream=False)
        await response.read()
        return response.headers

    assert (await headers(""))["Retry-After"] == "2"
    assert "Retry-After" not in await headers("@header=none")
    assert (await headers("@header=ms"))["retry-after-ms"] == "2000"
    date = parsedate_to_datetime((await headers("@header=date"))["Retry-After"])
    assert date.timestamp() == timed.clock.wall_s() + 2
    assert (await headers("@header=garbage"))["Retry-After"] == "soon"
    assert (await headers("@header=1000000000"))["Retry-After"] == "1000000000"
    assert (await headers("@header=-1"))["Retry-After"] == "-1"


@pytest.mark.parametrize(
    ("form", "kind", "start"),
    [
        ("html", "text/html; charset=utf-8", b"<html>"),
        ("text", "text/plain; charset=utf-8", b"Bad"),
        ("empty", "text/plain; charset=utf-8", b""),
    ],
)
async def test_a_proxy_says_it_in_its_own_way(form: str, kind: str, start: bytes, timed: Timed) -> None:
    response = await timed.open("openai", f"sim-502@body={form}", stream=False)
    body = await response.read()
    assert (response.status, response.headers["Content-Type"]) == (502, kind)
    assert body.startswith(start)
    assert bool(body) == bool(start)


async def test_the_cache_forgets_in_time(timed: Timed) -> None:
    async def read_tokens() -> int:
        system = [{"type": "text", "text": "x" * 400, "cache_control": {"type": "ephemeral"}}]
        body = ask_body("anthropic", "sim-echo") | {"system": system}
        async with timed.session.post(
            timed.sim.url + PATHS["anthropic"], json=body, headers=HEADERS["anthropic"]
        ) as response:
            return (await response.json())["usage"]["cache_read_input_tokens"]

    assert [await read_tokens(), await read_tokens()] == [0, 100]
    await timed.clock.advance(299)
    assert await read_tokens() == 100
    await timed.clock.advance(301)
    assert await read_tokens() == 0
