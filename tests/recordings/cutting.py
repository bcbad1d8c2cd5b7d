"""The network's freedom: the same bytes in other pieces, with other line ends."""

from __future__ import annotations

import itertools
import random
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RANDOM_SPLITS = 20


def splits(data: bytes, seed: str, random_splits: int = RANDOM_SPLITS) -> Iterator[tuple[str, list[bytes]]]:
    """(name, pieces) of every way in which a stream is fed: one piece, single bytes, random cuts.

    A third of the random cuts falls inside a UTF-8 character or between CR and LF where there are any.
    """
    yield "one piece", [data]
    yield "single bytes", [data[i : i + 1] for i in range(len(data))]
    for number in range(random_splits):
        rng = random.Random(zlib.crc32(f"{seed}/{number}".encode()))
        yield f"random cuts {number}", _cut(data, rng)


def with_crlf(data: bytes) -> bytes:
    """The same stream from a server that ends its lines with CR LF."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def with_cr(data: bytes) -> bytes:
    """The same stream from a server that ends its lines with CR alone, which the SSE standard allows."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r")


def _cut(data: bytes, rng: random.Random) -> list[bytes]:
    if len(data) < 2:
        return [data]
    count = rng.choice((1, 3, 10, 40, max(2, len(data) // 500)))
    places = {rng.randrange(1, len(data)) for _ in range(count)}
    awkward = _awkward_places(data)
    places.update(rng.sample(awkward, min(len(awkward), 1 + count // 2)))
    edges = [0, *sorted(places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def _awkward_places(data: bytes) -> list[int]:
    """Places inside a character (before a continuation byte) and inside a CR LF; the first few hundred."""
    found = []
    at = data.find(b"\r\n")
    while at >= 0 and len(found) < 200:
        found.append(at + 1)
        at = data.find(b"\r\n", at + 2)
    if not data.isascii():
        inside = (i for i, byte in enumerate(data) if 0x80 <= byte < 0xC0)
        found.extend(i for i, _ in zip(inside, range(200), strict=False))
    return found
