"""Which problem a prompt is about, for all instances of a real set, however the prompt is dressed."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from swebench_runner.simulator.gold import GoldBook

if TYPE_CHECKING:
    from pathlib import Path


def instances(data_dir: Path, name: str = "lite-test.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data_dir / "swebench" / name).read_text().splitlines()]


def dressed(statement: str, how: str) -> str:
    code = "\n".join(f"def filler_{n}(value): return value + {n}" for n in range(300))
    if how == "plain":
        return f"Fix this.\n\n<issue>\n{statement}\n</issue>\n\n<code>\n{code}\n</code>"
    if how == "quoted":
        return textwrap.indent(statement, "> ") + "\n" + code
    if how == "crlf":
        return statement.replace("\n", "\r\n")
    if how == "shortened":
        return statement[: max(400, len(statement) // 2)] + "\n[...]\n" + code
    return statement.strip()


@pytest.mark.parametrize("how", ["plain", "quoted", "crlf", "shortened", "stripped"])
def test_every_lite_instance_is_found_by_its_statement(how: str, data_dir: Path) -> None:
    rows = instances(data_dir)
    book = GoldBook({row["problem_statement"]: row["patch"] for row in rows})
    for row in rows:
        assert book.find(dressed(row["problem_statement"], how)) == row["problem_statement"], row[
            "instance_id"
        ]


def test_every_lite_instance_is_found_by_its_id(data_dir: Path) -> None:
    rows = instances(data_dir)
    book = GoldBook({row["instance_id"]: row["patch"] for row in rows})
    for row in rows:
        text = dressed(row["problem_statement"], "plain")
        assert book.find(f"Instance: {row['instance_id']}.\n{text}") == row["instance_id"]
        assert book.find(text) is None


@pytest.mark.parametrize("name", ["verified-5.jsonl", "multilingual-5.jsonl", "multimodal-5.jsonl"])
def test_other_sets_are_found_too(name: str, data_dir: Path) -> None:
    rows = instances(data_dir, name)
    book = GoldBook({row["problem_statement"]: row["patch"] for row in rows})
    for row in rows:
        assert book.find(dressed(row["problem_statement"], "plain")) == row["problem_statement"]


def test_a_statement_beats_a_quotation_of_another() -> None:
    one = "The parser drops the last line\nIt happens with every file that has no final newline."
    two = "The writer adds a line\nSee also the sentence below for the cause of it all."
    book = GoldBook({one: "1", two: "2"})
    assert book.find(f"{two}\n\nRelated:\nThe parser drops the last line") == two
    assert book.find(f"Question:\n{one}") == one


def test_one_line_in_common_is_not_the_problem() -> None:
    statement = "\n".join(f"sentence number {number} of the problem" for number in range(20))
    book = GoldBook({statement: "p"})
    assert book.find("Another matter.\nsentence number 3 of the problem\n") is None
    assert book.find("\n".join(statement.splitlines()[:8])) == statement


def test_only_what_may_hide_in_a_line_is_searched_for(data_dir: Path) -> None:
    rows = instances(data_dir)
    book = GoldBook({row["problem_statement"]: row["patch"] for row in rows})
    assert len(book._searched) < 30
    assert (
        GoldBook({"one two three four": "p"}).find("Problem: one two three four. Thanks.")
        == "one two three four"
    )
    ends = "the first line of it\nthe last line of it"
    assert GoldBook({ends: "p"}).find(f"Problem: {ends}!") == ends


def test_short_keys_and_lines_shared_by_all() -> None:
    book = GoldBook({"fix foo": "f", "fix foobar": "b", "x": "x"})
    assert book.find("please fix foobar now") == "fix foobar"
    assert book.find("please fix foo now") == "fix foo"
    assert book.find("x") == "x"
    assert book.find("nothing of the kind, for example") is None
    assert book.patch("x") == "x"
    shared = GoldBook({"same line for both\na": "1", "same line for both\nb": "2"})
    assert shared.find("same line for both\nb") == "same line for both\nb"
    assert GoldBook().find("anything") is None
    assert (len(book), len(GoldBook({}))) == (3, 0)
