"""The same question gives the same instances, on any machine, in the dataset's order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.generation.datasets import selection
from swebench_runner.generation.datasets.loading import Instance, load_dataset, select
from swebench_runner.generation.errors import (
    DatasetValidationError,
    InstanceValidationError,
    RegexValidationError,
    SelectionError,
)


def made(*names: str) -> list[Instance]:
    return [Instance(name, "acme/tool", "a" * 40, "It breaks.") for name in names]


MANY = made(*(f"django__django-{n}" for n in range(60)), *(f"sympy__sympy-{n}" for n in range(40)))
NAMES = [one.instance_id for one in MANY]


def chosen(**wanted: object) -> list[str]:
    return [one.instance_id for one in select(MANY, **wanted)]  # type: ignore[arg-type]


def test_nothing_asked_is_everything() -> None:
    assert chosen() == NAMES


def test_a_count_alone_takes_the_first() -> None:
    assert chosen(count=3) == NAMES[:3]


def test_a_count_above_the_size_takes_all() -> None:
    assert chosen(count=10_000) == NAMES
    assert chosen(count=10_000, seed=1) == NAMES


def test_ids_come_in_the_order_of_the_dataset_and_once() -> None:
    assert chosen(instance_ids=["sympy__sympy-1", " django__django-2 ", "sympy__sympy-1"]) == [
        "django__django-2",
        "sympy__sympy-1",
    ]


def test_patterns_and_expressions_choose_by_id() -> None:
    assert chosen(pattern="sympy__*") == NAMES[60:]
    assert chosen(pattern="*-3[01]") == [
        "django__django-30",
        "django__django-31",
        "sympy__sympy-30",
        "sympy__sympy-31",
    ]
    assert chosen(regex=r"(django|sympy)__.*-5$") == ["django__django-5", "sympy__sympy-5"]
    assert chosen(regex=r".*.*-5\d") == [f"django__django-5{n}" for n in range(10)]


def test_an_expression_is_matched_from_the_start() -> None:
    assert chosen(regex="sympy") == NAMES[60:]
    with pytest.raises(SelectionError):
        chosen(regex="ympy")


def test_the_steps_come_in_order() -> None:
    picked = [*NAMES[:10], *NAMES[60:70]]
    assert chosen(instance_ids=picked, pattern="sympy__*", sample_percent=50, count=3) == NAMES[60:63]


@pytest.mark.parametrize(("percent", "size"), [(100, 100), (10, 10), (0.5, 1), (1.9, 1), (33.3, 33)])
def test_a_share_is_rounded_down_but_never_nothing(percent: float, size: int) -> None:
    assert chosen(sample_percent=percent) == NAMES[:size]
    assert len(chosen(sample_percent=percent, seed=7)) == size


def test_a_seed_gives_this_sample_for_ever() -> None:
    assert chosen(count=5, seed=42) == [
        "django__django-7",
        "sympy__sympy-7",
        "sympy__sympy-8",
        "sympy__sympy-24",
        "sympy__sympy-28",
    ]


@given(st.integers(1, 100), st.integers(1, 100), st.integers(0, 2**32 - 1))
def test_a_smaller_sample_is_part_of_a_larger_one(one: int, other: int, seed: int) -> None:
    small, large = sorted((one, other))
    assert set(chosen(count=small, seed=seed)) <= set(chosen(count=large, seed=seed))


@given(st.permutations(MANY), st.integers(0, 2**32 - 1))
def test_the_sample_does_not_depend_on_the_order_of_the_file(shuffled: list[Instance], seed: int) -> None:
    picked = select(shuffled, count=7, seed=seed)
    assert {one.instance_id for one in picked} == set(chosen(count=7, seed=seed))
    assert picked == [one for one in shuffled if one in picked]


@given(
    st.none() | st.integers(1, 200),
    st.none() | st.floats(0.01, 100),
    st.none() | st.integers(0, 2**32 - 1),
    st.none() | st.sampled_from(["*", "django__*", "*1*"]),
)
def test_any_selection_is_a_part_of_the_dataset_in_its_order(
    count: int | None, percent: float | None, seed: int | None, pattern: str | None
) -> None:
    picked = chosen(count=count, sample_percent=percent, seed=seed, pattern=pattern)
    assert picked == [name for name in NAMES if name in set(picked)]
    assert 1 <= len(picked) <= (count or 100)


def test_different_seeds_give_different_samples() -> None:
    assert len({tuple(chosen(count=5, seed=seed)) for seed in range(20)}) > 15


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"count": 0}, "count must be a whole number from 1 to 10,000, not 0"),
        ({"count": 10_001}, "count must be a whole number from 1 to 10,000, not 10001"),
        ({"count": 2.5}, "count must be a whole number from 1 to 10,000, not 2.5"),
        ({"count": True}, "count must be a whole number from 1 to 10,000, not True"),
        ({"sample_percent": 0}, "a sample must be above 0 and at most 100 percent, not 0"),
        ({"sample_percent": 100.1}, "a sample must be above 0 and at most 100 percent, not 100.1"),
        ({"sample_percent": float("nan")}, "a sample must be above 0 and at most 100 percent, not nan"),
        ({"seed": -1}, "a seed must be a whole number from 0 to 4294967295, not -1"),
        ({"seed": 2**32}, "a seed must be a whole number from 0 to 4294967295, not 4294967296"),
        ({"pattern": ""}, "a pattern has 1 to 1,000 characters, not 0"),
        ({"pattern": "x" * 1001}, "a pattern has 1 to 1,000 characters, not 1,001"),
        (
            {"pattern": "flask*"},
            "nothing matches 'flask*'\n  Looked in: 100 ids\n  Fix: ids look like django__django-0",
        ),
    ],
    ids=str,
)
def test_a_senseless_question_is_a_usage_error(wanted: dict[str, object], message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        chosen(**wanted)
    assert str(caught.value) == message
    assert caught.value.exit_code == 2
    assert isinstance(caught.value, DatasetValidationError)


def test_an_unknown_id_gets_suggestions() -> None:
    with pytest.raises(InstanceValidationError) as caught:
        chosen(instance_ids=["django__django-7", "django_django-11", "zzz"])
    assert str(caught.value) == (
        "not in the dataset: 'django_django-11', 'zzz'\n  Looked in: 100 instances\n"
        "  Fix: did you mean django__django-11, django__django-1, django__django-51?"
    )
    assert caught.value.exit_code == 2


def test_many_unknown_ids_are_counted() -> None:
    with pytest.raises(
        InstanceValidationError, match=r"'a1', 'a2', 'a3' and 2 more\n.*\n  Fix: ids look like django"
    ):
        chosen(instance_ids=["a1", "a2", "a3", "a4", "a5"])


@pytest.mark.parametrize("instance_id", ["", "../x", "1a", "a b", "a" * 201, "a;rm"])
def test_an_id_that_no_dataset_could_have_is_refused_as_it_is(instance_id: str) -> None:
    with pytest.raises(InstanceValidationError, match="cannot be an instance id"):
        chosen(instance_ids=[instance_id])


def test_too_many_ids_are_refused() -> None:
    with pytest.raises(InstanceValidationError, match="10,001 instance ids; at most 10,000"):
        chosen(instance_ids=["a"] * 10_001)


@pytest.mark.parametrize("regex", ["(", "[z-a]", "a{2,1}", "(?P<n>a)(?P<n>b)"])
def test_a_broken_expression_says_where(regex: str) -> None:
    with pytest.raises(RegexValidationError, match="not a regular expression") as caught:
        chosen(regex=regex)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("regex", ["", "a" * 1001])
def test_an_expression_has_a_length(regex: str) -> None:
    with pytest.raises(RegexValidationError, match="1 to 1,000 characters"):
        chosen(regex=regex)


@pytest.mark.parametrize("regex", [r"(a+)+!", r"(\w*)*!", r"(a|a)*b", ".*" * 30 + "!"])
def test_an_expression_that_would_run_for_years_is_ended(regex: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "REGEX_TIMEOUT_S", 0.5)
    with pytest.raises(RegexValidationError, match="takes too long") as caught:
        select(made("a" * 200), regex=regex)
    assert caught.value.exit_code == 2


def test_the_sample_can_be_selected_from_like_any_other() -> None:
    picked = select(load_dataset("sample"), pattern="*median*")
    assert [one.instance_id for one in picked] == ["sample__median-1"]
