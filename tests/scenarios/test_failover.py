"""The sixteen failover scenarios through the library, advisory lines included.

Every wait and every limit has its full length. By default the loop's clock is virtual; on the real one:

    pytest tests/scenarios -m full_length -n 16
"""

from __future__ import annotations

import asyncio

import pytest

from support_scenarios import Stage, scenario
from swebench_runner.providers import ContentFilterError, IncompleteStreamError
from swebench_runner.simulator import SCENARIO_TEXT


@scenario("01")
async def test_01_a_rate_limit_is_waited_out_where_it_was_met(stage: Stage) -> None:
    response = await stage.answered(by=stage.primary)
    first, second = stage.attempts()
    assert (first.status, second.status) == (429, 200)
    assert 2.0 <= second.started_s - first.started_s <= 2.5
    assert [attempt.outcome for attempt in response.attempts] == ["rate_limit", "ok"]
    assert response.attempts[1].waited_ms >= 2000
    assert stage.counts == (2, 0)


@scenario("02")
async def test_02_a_rate_limit_for_ever_is_left_for_the_fallback(stage: Stage) -> None:
    response = await stage.answered(by=stage.fallback)
    records = stage.attempts()
    assert len([r for r in records if r.started_s - records[0].started_s <= 3.0]) <= 4
    assert stage.counts == (3, 1)
    assert response.attempts[-1].reason == "fallback: rate_limit"


@scenario("03")
async def test_03_an_error_of_the_moment_is_tried_again_at_the_same_provider(stage: Stage) -> None:
    response = await stage.answered(by=stage.primary)
    assert stage.counts == (2, 0)
    assert [(a.outcome, a.reason) for a in response.attempts] == [
        ("server_error", "first"),
        ("ok", "retry: server_error"),
    ]


@scenario("04")
async def test_04_an_outage_is_left_for_the_fallback(stage: Stage) -> None:
    await stage.answered(by=stage.fallback)
    assert stage.counts == (3, 1)


@scenario("05")
async def test_05_a_reset_before_any_byte_is_tried_again(stage: Stage) -> None:
    response = await stage.answered(by=stage.primary)
    assert stage.counts == (2, 0)
    assert response.attempts[0].outcome == "network"


@scenario("06")
async def test_06_who_never_answers_is_asked_once(stage: Stage) -> None:
    began_s = stage.clock.now_s()
    response = await stage.answered(by=stage.fallback)
    assert 12.0 <= stage.clock.now_s() - began_s < 15.0
    assert stage.counts == (1, 1)
    assert response.attempts[0].outcome == "timeout"
    assert response.attempts[0].latency_ms == pytest.approx(12_000, rel=0.1)


@scenario("07")
async def test_07_a_first_token_that_is_late_comes_from_the_fallback(stage: Stage) -> None:
    began_s = stage.clock.now_s()
    await stage.answered(by=stage.fallback)
    assert stage.clock.now_s() - began_s < 15.0
    assert stage.counts == (1, 1)


@scenario("08")
async def test_08_a_stream_that_dies_is_no_answer(stage: Stage) -> None:
    response = await stage.answered(by=stage.fallback)
    cut = response.attempts[0]
    assert cut.outcome == "incomplete_stream"
    assert cut.usage is not None
    assert (cut.usage.source, cut.usage.completion_tokens > 0) == ("estimate", True)
    assert stage.counts[0] <= 2
    assert stage.counts[1] == 1


@scenario("08")
async def test_08_live_it_is_an_error_that_keeps_what_came(stage: Stage) -> None:
    with pytest.raises(IncompleteStreamError) as caught:
        await stage.ask_live()
    assert caught.value.partial_text == " ".join(SCENARIO_TEXT.split()[:40])
    assert stage.counts == (1, 0)


@scenario("09")
async def test_09_silence_in_the_middle_is_noticed(stage: Stage) -> None:
    began_s = stage.clock.now_s()
    response = await stage.answered(by=stage.fallback)
    assert stage.clock.now_s() - began_s < 45.0
    assert response.attempts[0].outcome == "incomplete_stream"
    assert stage.counts == (1, 1)


@scenario("09")
async def test_09_live_it_is_an_error_too(stage: Stage) -> None:
    with pytest.raises(IncompleteStreamError) as caught:
        await stage.ask_live()
    assert caught.value.partial_text == " ".join(SCENARIO_TEXT.split()[:20])
    assert stage.counts == (1, 0)


@scenario("10")
async def test_10_one_bad_event_spoils_the_stream(stage: Stage) -> None:
    response = await stage.answered(by=stage.fallback)
    assert response.attempts[0].outcome == "malformed_response"
    assert stage.counts[0] <= 2
    assert stage.counts[1] == 1


@scenario("11")
async def test_11_a_missing_done_is_not_waited_for(stage: Stage) -> None:
    began_s = stage.clock.now_s()
    response = await stage.answered(by=stage.primary)
    assert stage.clock.now_s() - began_s < 8.0
    assert response.finish_reason == "stop"
    assert stage.counts == (1, 0)


@scenario("12")
async def test_12_a_prompt_too_long_is_asked_once_and_goes_elsewhere(stage: Stage) -> None:
    response = await stage.answered(by=stage.fallback)
    assert stage.counts == (1, 1)
    assert [a.outcome for a in response.attempts] == ["context_length", "ok"]


@scenario("13")
async def test_13_a_policy_is_not_routed_around(stage: Stage) -> None:
    with pytest.raises(ContentFilterError, match=r"(?i)policy|safety") as caught:
        await stage.ask()
    assert (caught.value.code, caught.value.status_code) == ("content_policy_violation", 400)
    assert len(caught.value.attempts) == 1
    assert stage.counts == (1, 0)


@scenario("14", fallback="scn-noprefill")
async def test_14_the_fallback_starts_afresh(stage: Stage) -> None:
    await stage.answered(by=stage.fallback)
    assert [record.status for record in stage.attempts(stage.fallback)] == [200]
    assert stage.counts[0] <= 2


@scenario("15")
async def test_15_an_outage_is_probed_and_the_primary_is_used_again(stage: Stage) -> None:
    began_s = stage.clock.now_s()

    async def one(number: int) -> tuple[float, str]:
        await asyncio.sleep(4.0 * number)
        asked_s = stage.clock.now_s()
        response = await stage.ask()
        assert response.content == SCENARIO_TEXT
        assert stage.clock.now_s() - asked_s < 10.0
        return stage.clock.now_s() - began_s, response.model

    answers = await asyncio.gather(*(one(number) for number in range(20)))
    refused = [record for record in stage.attempts() if record.status == 503]
    assert len(refused) <= 16
    assert min(at_s for at_s, model in answers if model == stage.primary) < 90.0
    assert sum(model == stage.fallback for _, model in answers) >= 15


@scenario("16")
async def test_16_the_answer_says_who_gave_it_and_what_it_took(stage: Stage) -> None:
    response = await stage.answered(by=stage.fallback)
    assert stage.counts == (3, 1)
    assert [(a.model, a.outcome, a.usage) for a in response.attempts] == [
        *[(stage.primary, "overloaded", None)] * 3,
        (stage.fallback, "ok", response.usage),
    ]
    assert stage.sim.answered("hello") == 1


@scenario("16")
async def test_the_coordinator_is_the_same_road(stage: Stage) -> None:
    response = await stage.ask_by_coordinator()
    assert (response.content, response.model) == (SCENARIO_TEXT, stage.fallback)
    assert stage.counts == (3, 1)


def test_all_sixteen_are_told() -> None:
    told = {name[5:7] for name in globals() if name.startswith("test_") and name[5:7].isdigit()}
    assert told == {f"{number:02}" for number in range(1, 17)}
