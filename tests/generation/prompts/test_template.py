"""A template is words of the user around parts of ours; a part is never searched for names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.generation.datasets.instances import Instance
from swebench_runner.generation.prompts import TemplateError, build_prompt, default_template, load_template
from swebench_runner.generation.prompts.template import PLACEHOLDERS, default_text, read_template

if TYPE_CHECKING:
    from pathlib import Path

INSTANCE = Instance("acme__tool-1", "acme/tool", "a" * 40, "It breaks.")


def test_the_usual_template_copied_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text(default_text())
    mine = load_template(tmp_path / "mine.txt")
    assert mine.sha256 == default_template().sha256
    assert build_prompt(INSTANCE, {"a": "b"}, template=mine) == build_prompt(INSTANCE, {"a": "b"})


def test_every_placeholder_is_filled(tmp_path: Path) -> None:
    text = "\n".join(f"{name}=<${name}>" for name in PLACEHOLDERS)
    (tmp_path / "t.txt").write_bytes(f"You.\r\n---\r\n{text} $$5".encode())
    system, user = build_prompt(INSTANCE, {"x.py": "pass\n"}, template=load_template(tmp_path / "t.txt"))
    assert system == "You."
    assert "$5" in user
    assert "=<>" not in user
    assert "problem_statement=<It breaks.>" in user


@given(st.text(max_size=80))
def test_what_stands_in_a_part_stays_as_it_is(text: str) -> None:
    problem = f"a {text} $files ${{repo}} b"
    user = build_prompt(replace(INSTANCE, problem_statement=problem), {"a.py": "$repo %s {x}\n"}).user
    assert f"a {text} $files ${{repo}} b" in user
    assert "[start of a.py]\n$repo %s {x}\n[end of a.py]" in user


def test_a_template_without_a_divider_has_no_system_message() -> None:
    assert read_template("Fix $problem_statement").system == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [("$problem", "nothing is called '$problem'"), ("no problem", "the problem is not in it"), ("$problem_statement costs $ 5", "begins no name"),
     ("$problem_statement\n---\nNothing", "the problem is not in it"), ("", "the problem is not in it")],
)  # fmt: skip
def test_a_faulty_template_is_one_message(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read_template(text, name="t.txt")
    assert message in caught.value.message
    assert caught.value.message.startswith("template 't.txt': ")
    assert caught.value.exit_code == 2


def test_a_template_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="No such file"):
        load_template(tmp_path / "gone")
    (tmp_path / "bad").write_bytes(b"\xff$problem_statement")
    with pytest.raises(TemplateError, match="not UTF-8"):
        load_template(tmp_path / "bad")
