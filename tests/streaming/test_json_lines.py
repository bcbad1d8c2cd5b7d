from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_openai import UNHURRIED
from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.streaming.json_lines import JSONLinesSplitter


def split(data: bytes, *, cuts: list[int] | None = None, limit: int = 8 << 20) -> list[bytes]:
    splitter = JSONLinesSplitter(limit_bytes=limit)
    edges = [0, *sorted(cuts or []), len(data)]
    lines: list[bytes] = []
    for start, end in itertools.pairwise(edges):
        lines.extend(frame.data for frame in splitter.feed(data[start:end]))
    lines.extend(frame.data for frame in splitter.flush())
    return lines


def outcome(data: bytes, cuts: list[int], limit: int) -> list[bytes] | str:
    try:
        return split(data, cuts=cuts, limit=limit)
    except ResponseFormatError as exc:
        return exc.error_type


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b'{"a":1}\n{"a":2}\n', [b'{"a":1}', b'{"a":2}']),
        (b'{"a":1}\r\n\r\n\n {"a":2}', [b'{"a":1}', b'{"a":2}']),
        (b'\xef\xbb\xbf{"a":1}\n', [b'{"a":1}']),
        (b'{"a":1}\n{"a":', [b'{"a":1}']),  # cut, not ended
        (b"<html>\n", [b"<html>"]),
        (b"oops", [b"oops"]),
        (b"", []),
    ],
)
def test_lines_of_json_give_the_frames_that_they_say(wire: bytes, expected: list[bytes]) -> None:
    assert split(wire) == expected
    assert split(wire, cuts=list(range(len(wire)))) == expected


def test_a_line_comes_out_as_soon_as_it_is_complete() -> None:
    splitter = JSONLinesSplitter()
    assert list(splitter.feed(b'{"a"')) == []
    assert [frame.data for frame in splitter.feed(b":1}\n{")] == [b'{"a":1}']


@pytest.mark.parametrize("wire", [b"a" * 100, b"a" * 100 + b"\n", b"{}\n" + b"a" * 100])
def test_a_line_that_never_ends_is_refused(wire: bytes) -> None:
    for cuts in ([], list(range(len(wire)))):
        with pytest.raises(ResponseFormatError, match="longer than 64 bytes"):
            split(wire, cuts=cuts, limit=64)


@UNHURRIED
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from([b"{}", b'{"a"', b"\n", b"\r\n", b"\xef\xbb\xbf", b" ", b"x" * 40])).map(
            b"".join
        ),
    ),
    seed=st.integers(0, 2**32),
    limit=st.sampled_from([32, 8 << 20]),
)
def test_any_bytes_at_any_split_give_the_same_lines_or_the_same_error(
    data: bytes, seed: int, limit: int
) -> None:
    whole = outcome(data, [], limit)
    chance = random.Random(seed)
    assert outcome(data, [chance.randrange(len(data) + 1) for _ in range(6)], limit) == whole
    assert outcome(data, list(range(len(data))), limit) == whole
