"""The small parts on their own: pieces, counts, schemas, signatures, names, complaints."""

from __future__ import annotations

import json
from typing import Annotated, Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.providers.core.clock import ManualClock
from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.models import model_card
from swebench_runner.simulator.prompt import CacheMark
from swebench_runner.simulator.reading import Complaint, complaint, read
from swebench_runner.simulator.reply import json_pieces, pieces
from swebench_runner.simulator.schema import sample, sample_with_text
from swebench_runner.simulator.signing import is_sealed, is_signed, seal, sign
from swebench_runner.simulator.tokens import CACHED_PREFIXES, CacheUse, PromptCache, count_tokens

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_pieces_join_to_the_text_and_are_small(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert "".join(json.loads(piece) for piece in json_pieces(text)) == text
    assert all(len(piece.strip()) <= 7 for piece in pieces(text))


@given(texts, texts)
def test_tokens_add_up(one: str, other: str) -> None:
    both = count_tokens(one + other)
    assert both <= count_tokens(one) + count_tokens(other) <= both + 1
    assert count_tokens(one) == -(-len(one.encode()) // 4)


@given(texts, texts)
def test_only_the_signed_text_carries_its_signature(text: str, other: str) -> None:
    assert is_signed(text, sign(text))
    assert is_signed("", sign(text))
    assert is_sealed(seal(text))
    if other and other != text:
        assert not is_signed(other, sign(text))


@pytest.mark.parametrize(
    "bad", ["", "x", "é", "AAAA", sign("a")[:-4], "gAAAAA", "gAAAAA!!", "gAAAAA" + "A" * 56]
)
def test_other_signatures_are_refused(bad: str) -> None:
    assert not is_signed("a", bad)
    assert not is_sealed(bad)


SCHEMAS: list[dict[str, Any]] = [
    {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
    {
        "type": "object",
        "properties": {"a": {"enum": ["x", "y"]}, "b": {"const": 3}, "c": {"type": "boolean"}},
    },
    {"type": "array", "items": {"type": "number", "minimum": 5}, "minItems": 3},
    {"$defs": {"p": {"type": "object", "properties": {"q": {"type": "string"}}}}, "$ref": "#/$defs/p"},
    {
        "type": "object",
        "properties": {"a": {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 30}]}},
    },
    {"type": ["null", "object"], "properties": {"a": {"type": "null"}}},
    {
        "type": "object",
        "properties": {"a": {"type": "object"}, "b": {"type": "array"}, "c": {"allOf": [{"type": "string"}]}},
    },
    {"type": "integer", "exclusiveMinimum": 10},
    {"type": "string"},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_samples_fit_their_schema(schema: dict[str, Any], number: int) -> None:
    jsonschema.validate(sample(schema, number), schema)
    jsonschema.validate(sample_with_text(schema, "a text that is long enough for all of them"), schema)


def test_a_schema_that_goes_round_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert isinstance(sample(node), dict)
    assert sample({"$ref": "#/nowhere"}) == "sample-1"
    assert sample_with_text(
        {"type": "object", "properties": {"x": {"type": "string"}, "diff": {"type": "string"}}}, "T"
    ) == {
        "x": "sample-1",
        "diff": "T",
    }
    assert sample_with_text({"type": "object", "properties": {"x": {"type": "string"}}}, "T") == {"x": "T"}
    assert sample_with_text({"type": "string"}, "T") == "T"
    assert sample_with_text({"type": "integer"}, "T") == 0


def test_names_and_what_they_mean() -> None:
    card = model_card("sim-429@n=2@retry_after=0.5")
    assert (card.known, card.number("n"), card.number("retry_after"), card.text("header")) == (
        True,
        2,
        0.5,
        "seconds",
    )
    with pytest.raises(KeyError):
        card.number("nonsense")
    assert model_card("sim-gold").context_tokens == 128_000
    assert model_card("sim-gold@ctx=4096").context_tokens == 4096
    assert model_card("claude-opus-4-8", "anthropic").refuses >= {"temperature"}
    assert model_card("sim-gold@refuses=a+b").refuses == {"a", "b"}
    assert not model_card("scn-noprefill").prefill
    assert model_card("vendor/sim-gold:free").behaviour.name == "sim-gold"
    assert model_card("sim-gold:latest").known
    assert model_card("gpt-4.1").context_tokens > 1_000_000
    for name in (
        "",
        "sim-",
        "sim-gold@x",
        "sim-gold@ctx=many",
        "sim-damaged@how=other",
        "gpt-missing",
        "a-nonexistent-b",
    ):
        assert not model_card(name).known, name
    assert [model_card(name, "openai").known for name in ("gpt-4o", "o3", "claude-3", "llama3")] == [
        True,
        True,
        False,
        False,
    ]
    assert [model_card(name, "ollama").known for name in ("llama3:8b", "gpt-4o")] == [True, False]


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    a: Annotated[int, msgspec.Meta(ge=1)] = 1
    b: Annotated[str, msgspec.Meta(pattern="^x", max_length=3)] = "x"


@pytest.mark.parametrize(
    ("body", "flaw", "path", "wanted"),
    [
        (b"{", "json", (), ""),
        (b'{"a":"1"}', "type", ("a",), "int"),
        (b'{"a":0}', "minimum", ("a",), "1"),
        (b'{"b":"y"}', "pattern", ("b",), "'^x'"),
        (b'{"b":"xxxx"}', "longest", ("b",), "3"),
        (b'{"c":1}', "unknown", ("c",), ""),
    ],
)
def test_complaints_say_what_is_wrong_and_where(
    body: bytes, flaw: str, path: tuple[str, ...], wanted: str
) -> None:
    with pytest.raises(Complaint) as caught:
        read(msgspec.json.Decoder(Strict), body)
    assert (caught.value.flaw, caught.value.path, caught.value.wanted) == (flaw, path, wanted)


def test_paths_in_two_notations_and_unknown_messages() -> None:
    told = complaint("Expected `str`, got `int` - at `$.messages[0].content[...].text`")
    assert told.indexed == "messages[0].content.....text"
    assert told.dotted == "messages.0.content.....text"
    assert complaint("something new").got == "something new"


def test_ids_differ_by_request_and_repeat_by_run() -> None:
    ids = [make_id("call_", serial, 24, salt=str(salt)) for serial in range(100) for salt in range(3)]
    assert len(set(ids)) == 300
    assert make_id("call_", 7, 24) == make_id("call_", 7, 24)
    assert all(len(one) == 29 for one in ids)


def test_the_cache_knows_prefixes_by_scope() -> None:
    cache = PromptCache(ManualClock())
    marks = [CacheMark("x" * 400), CacheMark("x" * 400 + "y" * 400, 3600)]
    assert cache.use("k", marks) == CacheUse(0, 0, 200)
    assert cache.use("k", marks) == CacheUse(200, 0, 0)
    assert cache.use("other", marks[:1]) == CacheUse(0, 100, 0)
    assert cache.use("k", [marks[0], CacheMark("x" * 400 + "z" * 40)]) == CacheUse(100, 10, 0)
    assert cache.use("k", []) == CacheUse()
    for number in range(CACHED_PREFIXES + 10):
        cache.use("k", [CacheMark(str(number))])
    assert len(cache._expires_s) == CACHED_PREFIXES
    cache.clear()
    assert cache.use("k", marks[:1]) == CacheUse(0, 100, 0)
