"""What was asked and what was paid: counts that a test, or another process, can rely on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from support_simulator import DIALECTS, HEADERS, PATHS, PROBLEM, ask_body
from swebench_runner.providers.core.clock import ManualClock
from swebench_runner.simulator.ledger import Ledger, masked

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.simulator import Simulator


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_answer_counts_once_for_its_problem(
    dialect: str, ask: Callable[..., Any], sim: Simulator
) -> None:
    for stream in (False, True):
        await ask(dialect, "sim-gold", f"Please fix:\n{PROBLEM}\nThanks.", stream=stream)
    await ask(dialect, "sim-429", PROBLEM)
    await ask(dialect, "sim-cut@after=3", PROBLEM, stream=True)
    assert sim.answered(PROBLEM) == 2
    assert sim.count() == 4
    assert sim.count(model="sim-gold") == sim.count(model="sim-gold", status=200) == 2
    assert sim.count(status=429) == 1
    assert sim.count(path=PATHS[dialect]) == 4
    assert [record.instance for record in sim.requests] == [PROBLEM] * 4
    assert [record.outcome for record in sim.requests] == ["finished", "finished", "refused", "broken"]


async def test_the_log_says_who_asked_what(
    ask: Callable[..., Any], send: Callable[..., Any], sim: Simulator
) -> None:
    await ask("anthropic", "sim-echo", "hello", stream=True)
    await send("/v1/models", None, {"Authorization": "Bearer sk-another-key"}, "GET")
    asked, listed = sim.requests
    assert (asked.method, asked.path, asked.dialect, asked.model) == (
        "POST",
        "/v1/messages",
        "anthropic",
        "sim-echo",
    )
    assert (asked.stream, asked.status, asked.outcome, asked.asks, asked.instance) == (
        True,
        200,
        "finished",
        True,
        None,
    )
    assert len(asked.body_digest) == len(asked.prompt_digest) == 16
    assert asked.finished_s is not None
    assert asked.finished_s >= asked.started_s
    assert (listed.asks, listed.path, listed.status, listed.model) == (False, "/v1/models", 200, None)
    assert listed.key == masked("sk-another-key")
    assert "another" not in listed.key
    assert sim.count() == 1
    assert sim.count(path="/v1/models", key="sk-another-key") == 1
    assert sim.count(key=masked("k")) == sim.count(key="k") == 1


async def test_equal_prompts_have_equal_digests_and_answers_in_every_dialect(
    ask: Callable[..., Any], sim: Simulator
) -> None:
    for dialect in DIALECTS:
        await ask(dialect, "sim-mixed", PROBLEM)
    assert len({record.prompt_digest for record in sim.requests}) == 1
    assert len({record.body_digest for record in sim.requests}) > 1


async def test_a_prompt_without_a_patch_is_counted_by_its_text(
    ask: Callable[..., Any], sim: Simulator
) -> None:
    await ask("openai", "sim-echo", "what is this")
    assert (sim.answered("what is this"), sim.answered("what")) == (1, 0)


async def test_requests_in_flight(sim: Simulator, send: Callable[..., Any]) -> None:
    body = ask_body("openai", "sim-silent")
    waiting = [asyncio.create_task(send(PATHS["openai"], body, HEADERS["openai"])) for _ in range(5)]
    while sim.in_flight < 5:  # noqa: ASYNC110 - there is no event for what the server has got to
        await asyncio.sleep(0)
    assert (sim.max_in_flight, sim.connections, sim.connections_made) == (5, 5, 5)
    assert sim.count(model="sim-silent") == 5
    assert sim.count(status=200) == 0
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    while sim.in_flight or sim.connections:  # noqa: ASYNC110 - the same
        await asyncio.sleep(0)
    assert {record.outcome for record in sim.requests} == {"aborted"}
    assert (sim.max_in_flight, sim.connections_made) == (5, 5)


async def test_reset_forgets_everything(ask: Callable[..., Any], sim: Simulator) -> None:
    assert (await ask("openai", "sim-500@n=1")).status == 500
    sim.reset()
    assert (sim.requests, sim.count(), sim.max_in_flight) == ((), 0, 0)
    assert (await ask("openai", "sim-500@n=1")).status == 500
    assert (await ask("openai", "sim-500@n=1")).status == 200


async def test_faults_are_counted_by_model_or_by_prompt(ask: Callable[..., Any]) -> None:
    statuses = [
        (await ask("openai", "sim-503@n=1@per=prompt", text)).status for text in ("a", "b", "a", "b", "c")
    ]
    assert statuses == [503, 503, 200, 200, 503]
    other = [
        (await ask("openai", name, "a")).status
        for name in ("sim-503@n=2", "sim-503@n=1", "sim-503@n=2", "sim-503@n=2")
    ]
    assert other == [503, 503, 503, 200]


async def test_another_process_can_ask(
    ask: Callable[..., Any], send: Callable[..., Any], sim: Simulator
) -> None:
    await ask("openai", "sim-gold", PROBLEM)
    await ask("openai", "sim-429", PROBLEM)

    async def get(path: str) -> Any:
        return (await send(f"/__sim/{path}", method="GET")).json

    counts = await get("counts")
    assert counts["answered"] == {PROBLEM: 1}
    assert (counts["total"], counts["in_flight"], counts["by_model"]) == (2, 0, {"sim-gold": 1, "sim-429": 1})
    assert counts["by_status"] == {"200": 1, "429": 1}
    assert counts["by_outcome"] == {"finished": 1, "refused": 1}
    assert (await get("counts?model=sim-gold&status=200&key=k")) == {"count": 1}
    assert (await get("counts?path=/v1/chat/completions")) == {"count": 2}
    assert [record["model"] for record in await get("requests")] == ["sim-gold", "sim-429"]
    assert [record["serial"] for record in await get("requests?outcome=refused")] == [2]
    assert "sim-gold" in [row["name"] for row in await get("behaviours")]
    assert (await send("/__sim/reset")).json == {"reset": True}
    assert (await get("requests")) == []
    assert (await send("/__sim/nowhere", method="GET")).status == 404
    assert sim.count() == 0


def test_a_record_can_be_settled_once_and_aborted_after() -> None:
    ledger = Ledger(ManualClock(), keep=2)
    for _ in range(3):
        record = ledger.begin("POST", "/x", b"")
        ledger.asks(record)
        ledger.settle(record, "finished", 200)
        ledger.settle(record, "broken", 500)
    assert (record.outcome, record.status, ledger.in_flight) == ("finished", 200, 0)
    assert (len(ledger.records()), ledger.count(status=200)) == (2, 3)
    assert ledger.answered("") == 3
    ledger.settle(record, "aborted", 200)
    assert (record.outcome, ledger.answered(""), ledger.count(status=200)) == ("aborted", 2, 3)


def test_keys_are_masked() -> None:
    assert masked("") == ""
    assert masked("sk-proj-abcdef").startswith("sk-…")
    assert masked("short").startswith("…")
    assert masked("sk-proj-abcdef") != masked("sk-proj-abcdeg")
