"""Files are made to fit by one order: excerpts from the last file on, then the last files go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.generation.context.fit import LEFT_OUT, excerpt, fit

LONG = "".join(f"line {number}\n" for number in range(300)) + "def find_me():\n    pass\n" + "tail\n" * 300
texts = st.dictionaries(st.text("abc/.", min_size=1, max_size=6), st.text(max_size=400), max_size=6)


@given(texts, st.integers(0, 1500), st.text(max_size=60))
def test_what_is_shown_fits_and_nothing_is_lost_without_a_word(
    files: dict[str, str], room: int, problem: str
) -> None:
    fitted = fit(files, problem=problem, room_tokens=room, count=len)
    assert sum(map(len, fitted.files.values())) == fitted.tokens
    assert fitted.tokens <= room
    assert [*fitted.files, *fitted.dropped] == list(files)
    assert set(fitted.excerpts) <= set(fitted.files)
    for path, text in fitted.files.items():
        assert (text == files[path]) or path in fitted.excerpts
    if sum(map(len, files.values())) <= room:
        assert dict(fitted.files) == files


@given(texts)
def test_without_a_known_window_all_is_shown(files: dict[str, str]) -> None:
    fitted = fit(files, problem="", room_tokens=None, count=len)
    assert (dict(fitted.files), fitted.dropped, fitted.notes) == (files, (), {})


def test_the_last_file_is_cut_first_and_around_what_the_problem_names() -> None:
    files = {"a.py": LONG, "b.py": LONG}
    fitted = fit(files, problem="find_me is wrong", room_tokens=len(LONG) + 2000, count=len)
    assert fitted.files["a.py"] == LONG
    assert "def find_me():" in fitted.files["b.py"]
    assert LEFT_OUT in fitted.files["b.py"]
    assert list(fitted.notes) == ["b.py"]
    assert fitted.notes["b.py"].endswith(" of 603 lines")


def test_an_excerpt_has_only_lines_of_the_file_in_order() -> None:
    text, lines = excerpt(LONG, "find_me")
    shown = [line for line in text.splitlines(keepends=True) if line != LEFT_OUT]
    assert len(shown) == lines
    rest = iter(LONG.splitlines(keepends=True))
    assert all(line in rest for line in shown)
    assert text.count(LEFT_OUT) == 2


def test_a_short_file_is_not_worth_an_excerpt() -> None:
    assert excerpt("a\nb\n", "a") == ("a\nb\n", 0)
