"""Every fault, in every dialect, streamed and not: it strikes as it is named, and is booked as such."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from support_simulator import DIALECTS, Answer, events_of, text_of
from swebench_runner.simulator import SCENARIO_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.simulator import Simulator

FINISHED = {
    "openai": b'"finish_reason":"stop"',
    "responses": b"response.completed",
    "anthropic": b"message_stop",
    "ollama": b'"done":true',
    "openrouter": b'"finish_reason":"stop"',
    "compatible": b'"finish_reason":"stop"',
}
STATUSES = (401, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504, 529)
# Where a dialect has another status for the same trouble.
OTHER_STATUS = {("responses", 404): 400}

every_dialect = pytest.mark.parametrize("dialect", DIALECTS)
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def is_complete(dialect: str, stream: bool, answer: Answer) -> bool:
    """Whether a careful client would take this for a finished answer."""
    if answer.error is not None:
        return False
    if stream:
        return FINISHED[dialect] in answer.body
    try:
        return bool(text_of(dialect, json.loads(answer.body)))
    except (ValueError, KeyError):
        return False


def outcome(sim: Simulator) -> tuple[str, int | None]:
    record = sim.requests[-1]
    return record.outcome, record.status


@every_dialect
@both_ways
async def test_the_healthy_answer_is_complete_and_booked(
    dialect: str, stream: bool, ask: Callable[..., Any], sim: Simulator
) -> None:
    answer = await ask(dialect, "sim-cut@n=0@after=999", stream=stream)
    assert not is_complete(dialect, stream, answer)
    healthy = await ask(dialect, "scn-ok", stream=stream)
    assert is_complete(dialect, stream, healthy)
    assert text_of(dialect, events_of(healthy.body) if stream else healthy.json) == SCENARIO_TEXT
    assert outcome(sim) == ("finished", 200)
    assert sim.answered("hello") == 1


@every_dialect
@both_ways
@pytest.mark.parametrize("status", STATUSES)
async def test_statuses(
    dialect: str, stream: bool, status: int, ask: Callable[..., Any], sim: Simulator
) -> None:
    answer = await ask(dialect, f"sim-{status}@n=1", stream=stream)
    expected = OTHER_STATUS.get((dialect, status), status)
    assert answer.status == expected
    assert "error" in answer.json
    assert outcome(sim) == ("refused", expected)
    assert is_complete(dialect, stream, await ask(dialect, f"sim-{status}@n=1", stream=stream))
    assert sim.count(model=f"sim-{status}@n=1") == 2
    assert sim.count(status=200) == 1


@every_dialect
@both_ways
@pytest.mark.parametrize("model", ["sim-quota", "sim-context", "sim-policy"])
async def test_troubles_that_no_retry_cures(
    dialect: str, stream: bool, model: str, ask: Callable[..., Any], sim: Simulator
) -> None:
    answers = [await ask(dialect, model, stream=stream) for _ in range(2)]
    assert answers[0].status == answers[1].status >= 400
    words = {
        "sim-quota": ("quota", "redit", "limit"),
        "sim-context": ("context", "too long"),
        "sim-policy": ("polic", "safety", "moderation"),
    }
    assert any(word in answers[0].body.decode() for word in words[model])
    assert outcome(sim)[0] == "refused"


@every_dialect
@both_ways
@pytest.mark.parametrize("at", ["headers", "body", "mid"])
async def test_resets(dialect: str, stream: bool, at: str, ask: Callable[..., Any], sim: Simulator) -> None:
    answer = await ask(dialect, f"sim-reset@at={at}@n=1", stream=stream)
    assert isinstance(answer.error, aiohttp.ClientError)
    assert answer.status == (0 if at == "headers" else 200)
    assert bool(answer.body) == (at == "mid")
    assert outcome(sim) == ("broken", None if at == "headers" else 200)
    assert is_complete(dialect, stream, await ask(dialect, f"sim-reset@at={at}@n=1", stream=stream))


@every_dialect
@both_ways
@pytest.mark.parametrize("end", ["chunked", "close", "eof", "length"])
async def test_cuts(dialect: str, stream: bool, end: str, ask: Callable[..., Any], sim: Simulator) -> None:
    answer = await ask(dialect, f"sim-cut@after=20@end={end}", stream=stream)
    assert answer.status == 200
    assert answer.body
    assert not is_complete(dialect, stream, answer)
    assert (answer.error is None) == (end in ("chunked", "eof"))
    assert outcome(sim) == ("broken", 200)
    assert sim.answered("hello") == 0
    if stream:
        assert text_of(dialect, events_of(answer.body)) == " ".join(SCENARIO_TEXT.split()[:20])


@every_dialect
async def test_a_cut_before_the_very_last_word(dialect: str, ask: Callable[..., Any], sim: Simulator) -> None:
    answer = await ask(dialect, "sim-cut@finish=yes", stream=True)
    events = [event for event in events_of(answer.body) if event != "[DONE]"]
    assert text_of(dialect, events) == SCENARIO_TEXT
    assert b"[DONE]" not in answer.body
    missing = {"anthropic": b"message_stop", "responses": b"response.completed", "ollama": b'"done":true'}
    assert missing.get(dialect, b'"usage":{') not in answer.body
    assert outcome(sim) == ("broken", 200)


@every_dialect
@both_ways
async def test_one_event_that_is_not_json(
    dialect: str, stream: bool, ask: Callable[..., Any], sim: Simulator
) -> None:
    answer = await ask(dialect, "sim-badjson@at=10", stream=stream)
    assert answer.error is None
    if stream:
        data = [
            line.removeprefix(b"data: ")
            for line in answer.body.split(b"\n")
            if line.startswith((b"data: ", b"{"))
        ]
        assert [line for line in data if not _is_json(line) and line != b"[DONE]"] == [b'{"broken": [1, 2']
        assert FINISHED[dialect] in answer.body
    else:
        assert not _is_json(answer.body)
    assert outcome(sim) == ("broken", 200)


@every_dialect
@both_ways
async def test_a_byte_that_is_not_utf8(dialect: str, stream: bool, ask: Callable[..., Any]) -> None:
    answer = await ask(dialect, "sim-badutf8@at=10", stream=stream)
    assert answer.body.count(b"\xff") == 1
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()
    healthy = await ask(dialect, "scn-ok", stream=stream)
    text = text_of(
        dialect,
        events_of(answer.body.replace(b"\xff", b""))
        if stream
        else json.loads(answer.body.replace(b"\xff", b"")),
    )
    assert text == text_of(dialect, events_of(healthy.body) if stream else healthy.json) == SCENARIO_TEXT


@every_dialect
@both_ways
@pytest.mark.parametrize("kind", ["overloaded", "rate_limit", "server"])
async def test_errors_after_the_answer_began(
    dialect: str, stream: bool, kind: str, ask: Callable[..., Any], sim: Simulator
) -> None:
    answer = await ask(dialect, f"sim-midstream-error@after=5@kind={kind}", stream=stream)
    assert answer.status == 200
    assert b'"error"' in answer.body
    assert not is_complete(dialect, stream, answer)
    if stream:
        events = [event for event in events_of(answer.body) if event != "[DONE]" and "error" not in event]
        events = [event for event in events if dialect != "responses" or event["type"] != "response.failed"]
        assert text_of(dialect, events) == " ".join(SCENARIO_TEXT.split()[:5])
    assert outcome(sim) == ("broken", 200)


@every_dialect
@both_ways
async def test_bodies_that_are_not_answers(
    dialect: str, stream: bool, ask: Callable[..., Any], sim: Simulator
) -> None:
    page = await ask(dialect, "sim-html", stream=stream)
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.body.startswith(b"<!DOCTYPE html>")
    wrong = await ask(dialect, "sim-errorbody@kind=rate_limit", stream=stream)
    assert (wrong.status, "error" in wrong.json) == (200, True)
    assert (await ask(dialect, "sim-emptybody", stream=stream)).body == b""
    half = await ask(dialect, "sim-truncjson", stream=stream)
    assert half.error is None
    assert not is_complete(dialect, stream, half)
    assert [record.outcome for record in sim.requests] == ["broken"] * 4


@every_dialect
@both_ways
async def test_complete_answers_with_something_missing(
    dialect: str, stream: bool, ask: Callable[..., Any], sim: Simulator
) -> None:
    unmarked = await ask(dialect, "sim-nodone", stream=stream)
    assert is_complete(dialect, stream, unmarked)
    assert b"[DONE]" not in unmarked.body
    uncounted = await ask(dialect, "sim-nousage", stream=stream)
    assert is_complete(dialect, stream, uncounted)
    for word in (b"completion_tokens", b'"output_tokens', b"eval_count"):
        assert word not in uncounted.body
    assert [record.outcome for record in sim.requests] == ["finished"] * 2


@every_dialect
@both_ways
async def test_compressed_answers(dialect: str, stream: bool, ask: Callable[..., Any]) -> None:
    packed = await ask(dialect, "sim-gzip", stream=stream)
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = gzip.decompress(packed.body)
    assert is_complete(dialect, stream, Answer(200, plain))
    cut = await ask(dialect, "sim-gzip@cut=yes", stream=stream)
    with pytest.raises(EOFError):
        gzip.decompress(cut.body)
    bomb = await ask(dialect, "sim-gzip@bomb_mb=8", stream=stream)
    assert len(bomb.body) < 100_000
    assert len(zlib.decompress(bomb.body, 31)) > 8 << 20


@every_dialect
@both_ways
async def test_a_huge_line_is_valid_all_the_same(dialect: str, stream: bool, ask: Callable[..., Any]) -> None:
    answer = await ask(dialect, "sim-hugeline@mb=2", stream=stream)
    assert max(map(len, answer.body.split(b"\n"))) > 2 << 20
    text = text_of(dialect, events_of(answer.body) if stream else answer.json)
    assert text.replace("x" * (2 << 20), "") == SCENARIO_TEXT


@every_dialect
@both_ways
async def test_redirects_lead_to_a_page_that_logs_who_comes(
    dialect: str, stream: bool, ask: Callable[..., Any], sim: Simulator, send: Callable[..., Any]
) -> None:
    answer = await ask(dialect, "sim-redirect", stream=stream)
    assert (answer.status, answer.headers["Location"]) == (307, f"{sim.url}/__sim/elsewhere")
    other = await ask(dialect, "sim-redirect@status=301@to=http://127.0.0.1:1/v1", stream=stream)
    assert (other.status, other.headers["Location"]) == (301, "http://127.0.0.1:1/v1")
    await send("/__sim/elsewhere", {}, {"Authorization": "Bearer secret"})
    assert sim.count(path="/__sim/elsewhere", key="secret") == 1


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True
