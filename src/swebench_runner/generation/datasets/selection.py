"""Which instances of a dataset: by id, by pattern, by share, by number; always in the dataset's order."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.datasets.instances import MAX_ID_LENGTH, is_safe_id
from swebench_runner.generation.errors import (
    InstanceValidationError,
    RegexValidationError,
    SelectionError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from swebench_runner.generation.datasets.instances import Instance

MAX_COUNT: Final = 10_000
MAX_SEED: Final = 2**32 - 1
MAX_PATTERN_LENGTH: Final = 1_000
REGEX_TIMEOUT_S: Final = 5.0

# No analysis of a pattern tells reliably whether it ends, and Python's own matching cannot be interrupted:
# a child process can.
_MATCH_IN_CHILD: Final = """
import json, re, sys
pattern, names = json.load(sys.stdin)
match = re.compile(pattern).match
json.dump([name for name in names if match(name)], sys.stdout)
"""


def select(
    instances: Iterable[Instance],
    *,
    count: int | None = None,
    instance_ids: Sequence[str] = (),
    pattern: str | None = None,
    regex: str | None = None,
    sample_percent: float | None = None,
    seed: int | None = None,
) -> list[Instance]:
    """The instances asked for: ids first, then patterns, then the share, then the number.

    Args:
        instances: A dataset.
        count: At most so many, 1 to 10,000: the first ones, or with a seed a random sample.
        instance_ids: Only these.
        pattern: Only ids that fit this shell pattern ("django__*").
        regex: Only ids that this expression matches from their start.
        sample_percent: This share of what is left, above 0 to 100, rounded down but at least one;
            the first ones, or with a seed a random sample.
        seed: 0 to 2^32-1. The sample depends on seed and ids alone, not on Python's version or the
            order of the file, and a smaller sample is part of a larger one.

    Returns:
        The chosen ones in the dataset's order.

    Raises:
        SelectionError: A number out of range, an id that is not there, a pattern that fits nothing.
    """
    check_numbers(count=count, sample_percent=sample_percent, seed=seed)
    check_pattern(pattern)
    check_regex(regex)
    wanted = check_ids(instance_ids)
    chosen = list(instances)
    if wanted:
        chosen = _with_ids(chosen, wanted)
    if pattern is not None:
        chosen = _matching(chosen, fnmatch.filter([one.instance_id for one in chosen], pattern), pattern)
    if regex is not None:
        chosen = _matching(chosen, _match_all(regex, [one.instance_id for one in chosen]), regex)
    if sample_percent is not None and chosen:
        chosen = _take(chosen, max(1, int(len(chosen) * sample_percent / 100)), seed)
    return chosen if count is None else _take(chosen, count, seed)


def check_numbers(*, count: int | None, sample_percent: float | None, seed: int | None) -> None:
    """Refuse what no selection can mean.

    Raises:
        SelectionError: With the range that is allowed.
    """
    if count is not None and not (_is_whole(count) and 1 <= count <= MAX_COUNT):
        raise SelectionError(f"count must be a whole number from 1 to {MAX_COUNT:,}, not {count!r}")
    is_number = isinstance(sample_percent, (int, float)) and not isinstance(sample_percent, bool)
    if sample_percent is not None and not (is_number and 0 < sample_percent <= 100):
        raise SelectionError(f"a sample must be above 0 and at most 100 percent, not {sample_percent!r}")
    if seed is not None and not (_is_whole(seed) and 0 <= seed <= MAX_SEED):
        raise SelectionError(f"a seed must be a whole number from 0 to {MAX_SEED}, not {seed!r}")


def check_ids(instance_ids: Sequence[str]) -> tuple[str, ...]:
    """The ids without surrounding space and repetitions.

    Raises:
        InstanceValidationError: One that no instance could have, or more than 10,000.
    """
    if len(instance_ids) > MAX_COUNT:
        raise InstanceValidationError(f"{len(instance_ids):,} instance ids; at most {MAX_COUNT:,}")
    ids = tuple(dict.fromkeys(instance_id.strip() for instance_id in instance_ids))
    for instance_id in ids:
        if not is_safe_id(instance_id):
            raise InstanceValidationError(
                f"{instance_id[:80]!r} cannot be an instance id",
                hint=f"a letter, then letters, digits, '_', '-', '.'; at most {MAX_ID_LENGTH} characters",
            )
    return ids


def check_pattern(pattern: str | None) -> None:
    """Refuse an endless shell pattern.

    Raises:
        SelectionError: It is empty or longer than 1,000 characters.
    """
    if pattern is not None and not 0 < len(pattern) <= MAX_PATTERN_LENGTH:
        raise SelectionError(f"a pattern has 1 to {MAX_PATTERN_LENGTH:,} characters, not {len(pattern):,}")


def check_regex(regex: str | None) -> None:
    """Refuse an expression that is too long or does not compile. Whether it ends is seen when it runs.

    Raises:
        RegexValidationError: With the place where it breaks.
    """
    if regex is None:
        return
    if not 0 < len(regex) <= MAX_PATTERN_LENGTH:
        raise RegexValidationError(
            f"a regular expression has 1 to {MAX_PATTERN_LENGTH:,} characters, not {len(regex):,}"
        )
    try:
        re.compile(regex)
    except (re.error, RecursionError, OverflowError) as exc:
        raise RegexValidationError(
            f"not a regular expression: {regex[:80]!r} ({exc})", hint="a shell pattern may do: 'django__*'"
        ) from exc


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _with_ids(instances: list[Instance], wanted: tuple[str, ...]) -> list[Instance]:
    there = {one.instance_id for one in instances}
    unknown = [instance_id for instance_id in wanted if instance_id not in there]
    if unknown:
        near = difflib.get_close_matches(unknown[0], there, n=3, cutoff=0.6)
        named = ", ".join(repr(instance_id) for instance_id in unknown[:3])
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise InstanceValidationError(
            f"not in the dataset: {named}{more}",
            looked_in=(f"{len(there):,} instances",),
            hint="did you mean " + ", ".join(near) + "?" if near else _example(instances),
        )
    keep = set(wanted)
    return [one for one in instances if one.instance_id in keep]


def _matching(instances: list[Instance], names: Iterable[str], what: str) -> list[Instance]:
    keep = set(names)
    if not keep:
        raise SelectionError(
            f"nothing matches {what[:80]!r}", looked_in=(f"{len(instances):,} ids",), hint=_example(instances)
        )
    return [one for one in instances if one.instance_id in keep]


def _example(instances: Sequence[Instance]) -> str:
    return f"ids look like {instances[0].instance_id}" if instances else "the dataset is empty"


def _match_all(regex: str, names: list[str]) -> list[str]:
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter with a constant script
            [sys.executable, "-I", "-S", "-W", "ignore", "-c", _MATCH_IN_CHILD],
            input=json.dumps([regex, names]).encode(),
            stdout=subprocess.PIPE,
            timeout=REGEX_TIMEOUT_S,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as exc:
        raise RegexValidationError(
            f"this regular expression takes too long: {regex[:80]!r}",
            hint="avoid repeated repetitions like (a+)+, or use a shell pattern: 'django__*'",
        ) from exc
    matched: list[str] = json.loads(child.stdout)
    return matched


def _take(instances: list[Instance], count: int, seed: int | None) -> list[Instance]:
    if count >= len(instances):
        return instances
    if seed is None:
        return instances[:count]
    ranked = sorted(instances, key=lambda one: hashlib.sha256(f"{seed}:{one.instance_id}".encode()).digest())
    keep = {one.instance_id for one in ranked[:count]}
    return [one for one in instances if one.instance_id in keep]
