"""Recorded traffic from every format of the collection, as one kind of value."""

from __future__ import annotations

import base64
import functools
import gzip
import json
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

REPO = Path(__file__).resolve().parents[2]
ROOT = REPO.parent / "shared" / "data" / "recordings"
ABSENT = f"no recordings: {ROOT.parent.name}/{ROOT.name} is not beside this checkout"


class _Loader(yaml.CSafeLoader):
    """YAML as vcrpy and Ruby's VCR write it; Ruby writes `!binary` where Python writes `!!binary`."""


_Loader.add_constructor("!binary", yaml.SafeLoader.construct_yaml_binary)
# A time stamp stays the text it was: JSON knows no dates.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and its answer.

    Attributes:
        file: Path below the collection.
        number: Place inside the file.
        provider: As the index says.
        api: As the index says ("openai.chat", …).
        endpoint: As the index says, identifiers replaced.
        method: HTTP method.
        status: HTTP status.
        request_body: The decoded JSON body; None where it was not recorded or is not an object.
        response: Bytes as they were on the wire (content coding removed), or a decoded body where the
            collection holds only that, or the payloads of a stream without
            their framing.
        headers: Of the response, names in lower case.
        usable: Whether the index says that the body survived its recording.
        fidelity: How close to the wire, as the index says.
    """

    file: str
    number: int
    provider: str
    api: str
    endpoint: str
    method: str
    status: int
    request_body: dict[str, Any] | None
    response: bytes | dict[str, Any] | list[bytes]
    headers: dict[str, str] = field(default_factory=dict)
    usable: bool = True
    fidelity: str = "raw"
    model: str | None = None

    @property
    def name(self) -> str:
        """File and place, for messages."""
        return f"{self.file}#{self.number}"

    @property
    def source(self) -> str:
        """The project that the file comes from."""
        return self.file.split("/", 1)[0]


@dataclass(frozen=True, slots=True)
class _Raw:
    method: str
    status: int
    request: object
    response: object
    headers: Mapping[str, Any]


@functools.cache
def index(root: Path = ROOT) -> dict[str, list[dict[str, Any]]]:
    """The lines of the index by file; empty where there is no collection."""
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    path = root / "index.jsonl"
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            by_file[row["file"]].append(row)
    return dict(by_file)


def load_all(root: Path = ROOT) -> Iterator[Interaction]:
    """Every interaction that the index names."""
    for file in sorted(index(root)):
        yield from load_file(file, root)


def load_files(files: Iterable[str], root: Path = ROOT) -> Iterator[Interaction]:
    """The interactions of several files."""
    for file in files:
        yield from load_file(file, root)


def load_file(file: str, root: Path = ROOT) -> list[Interaction]:
    """The interactions of one file, in the order of the index.

    Raises:
        ValueError: The index names an interaction that the file does not hold, or the format is unknown.
    """
    raws = list(_read(root / file))
    found = []
    seen: set[int] = set()
    for row in index(root)[file]:
        number = row["interaction"]
        if number in seen:  # the index lists a few client-object dumps twice
            continue
        seen.add(number)
        if number >= len(raws):
            raise ValueError(f"{file} has {len(raws)} interactions, the index names number {number}")
        found.append(_interaction(row, raws[number]))
    return found


def _interaction(row: Mapping[str, Any], raw: _Raw) -> Interaction:
    return Interaction(
        file=row["file"],
        number=row["interaction"],
        provider=row["provider"],
        api=row["api"],
        endpoint=row["endpoint"],
        method=row["method"],
        status=raw.status or row["status"] or 200,
        request_body=_json_object(raw.request),
        response=_body(raw.response),
        headers={name.lower(): _first(value) for name, value in raw.headers.items()},
        usable=row["usable"],
        fidelity=row["fidelity"],
        model=row["model"],
    )


def _read(path: Path) -> Iterator[_Raw]:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    name = path.name.removesuffix(".gz")
    if name.endswith((".yaml", ".yml")):
        yield from _read_yaml(yaml.load(data, Loader=_Loader))
    elif name.endswith(".chunks.txt"):
        yield _Raw("POST", 200, None, [line for line in data.split(b"\n") if line.strip()], {})
    elif name.endswith((".txt", ".sse")):
        yield _Raw("POST", 200, None, data, {})
    elif name.endswith(".json"):
        yield _read_json(json.loads(data), data)
    else:
        raise ValueError(f"no loader for {path.name}")


def _read_yaml(document: Mapping[str, Any]) -> Iterator[_Raw]:
    if "http_interactions" in document:  # Ruby VCR
        for one in document["http_interactions"]:
            yield _cassette(one["request"], one["response"])
    elif "interactions" in document:  # vcrpy
        for one in document["interactions"]:
            yield _cassette(one["request"], one["response"])
    elif "requests" in document:  # langchain
        for request, response in zip(document["requests"], document["responses"], strict=True):
            yield _cassette(request, response)
    else:
        raise ValueError(f"unknown cassette with keys {sorted(document)}")


def _cassette(request: Mapping[str, Any], response: Mapping[str, Any]) -> _Raw:
    return _Raw(
        str(request.get("method", "POST")).upper(),
        int((response.get("status") or {}).get("code") or 0),
        _content(request),
        _content(response),
        response.get("headers") or {},
    )


def _content(message: Mapping[str, Any]) -> object:
    if "parsed_body" in message:
        return message["parsed_body"]
    body = message.get("body")
    if isinstance(body, dict):
        if "base64_string" in body:
            return base64.b64decode(body["base64_string"])
        return body.get("string", b"")
    return body


def _read_json(document: Any, data: bytes) -> _Raw:
    if (
        isinstance(document, dict)
        and "request" in document
        and "is_streaming" in document.get("response", {})
    ):
        answer = document["response"]["body"]  # llama-stack: dumps of client objects
        parts: object = _dumped(answer)
        if isinstance(answer, list):
            parts = [json.dumps(_dumped(one), ensure_ascii=False).encode() for one in answer]
        request = document["request"]
        return _Raw(request.get("method", "POST"), 0, request.get("body"), parts, {})
    return _Raw("POST", 0, None, data, {})


def _dumped(value: Any) -> Any:
    return value["__data__"] if isinstance(value, dict) and "__data__" in value else value


def _json_object(value: object) -> dict[str, Any] | None:
    if isinstance(value, str | bytes):
        try:
            value = json.loads(unpacked(value.encode() if isinstance(value, str) else value))
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def _body(value: object) -> bytes | dict[str, Any] | list[bytes]:
    if value is None:
        return b""
    if isinstance(value, str):
        value = value.encode("utf-8")
    if isinstance(value, bytes):
        return unpacked(value)
    if isinstance(value, dict | list):
        return value
    raise ValueError(f"a body of type {type(value).__name__}")


def unpacked(data: bytes) -> bytes:
    """The bytes without their gzip coding, when they have one; a cut-off end is not an error here."""
    if data[:2] != b"\x1f\x8b":
        return data
    return zlib.decompressobj(wbits=31).decompress(data)


def _first(value: object) -> str:
    return str(value[0] if isinstance(value, list) and value else value)
