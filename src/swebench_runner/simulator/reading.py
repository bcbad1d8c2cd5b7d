"""A request body as a typed value, or what is wrong with it in terms that any dialect can word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSONObject

Request = TypeVar("Request", bound=msgspec.Struct)
Flaw = Literal[
    "json", "missing", "unknown", "type", "choice", "minimum", "maximum", "shortest", "longest", "pattern"
]

_PATTERNS: tuple[tuple[Flaw, re.Pattern[str]], ...] = (
    ("missing", re.compile(r"Object missing required field `(?P<name>[^`]*)`")),
    ("unknown", re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")),
    ("type", re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`")),
    ("choice", re.compile(r"Invalid enum value (?P<got>.*?)(?= - at|$)")),
    ("minimum", re.compile(r"Expected `(?P<kind>\w+)` >=? (?P<wanted>\S+)")),
    ("maximum", re.compile(r"Expected `(?P<kind>\w+)` <=? (?P<wanted>\S+)")),
    ("shortest", re.compile(r"Expected `(?P<kind>\w+)` of length >= (?P<wanted>\d+)")),
    ("longest", re.compile(r"Expected `(?P<kind>\w+)` of length <= (?P<wanted>\d+)")),
    ("pattern", re.compile(r"Expected `(?P<kind>\w+)` matching regex (?P<wanted>.*?)(?= - at|$)")),
)
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")


@dataclass(eq=False)
class Complaint(Exception):  # noqa: N818 - a dialect turns it into the real error
    """Why a body is not a request.

    Attributes:
        flaw: Its kind.
        path: Where: names of fields and indexes of lists.
        wanted: Type, bound or pattern that was expected; "" where the kind says it all.
        got: What was there instead, if it says more than the path.
        kind: The type that a bound belongs to: "int", "float", "str", "array".
    """

    flaw: Flaw
    path: tuple[str | int, ...] = ()
    wanted: str = ""
    got: str = ""
    kind: str = ""

    @property
    def dotted(self) -> str:
        """The path as Anthropic writes it: `messages.0.content`."""
        return ".".join(str(step) for step in self.path)

    @property
    def indexed(self) -> str:
        """The path as OpenAI writes it: `messages[0].content`."""
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return text.removeprefix(".")


def read(decoder: msgspec.json.Decoder[Request], body: bytes) -> Request:
    """The request in a body.

    Raises:
        Complaint: It is not JSON, or not of the decoder's type.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise complaint(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Complaint("json", got=str(error)) from error


def json_object(value: Mapping[str, object] | None) -> JSONObject:
    """A decoded JSON object as such; {} for None."""
    return cast("JSONObject", value or {})


def complaint(message: str) -> Complaint:
    """What a message of msgspec says, taken apart."""
    path: list[str | int] = []
    _, _, where = message.partition(" - at `$")
    for name, index in _STEP.findall(where):
        path.append(name or (int(index) if index.isdigit() else index))
    for flaw, pattern in _PATTERNS:
        match = pattern.match(message)
        if match is None:
            continue
        parts = match.groupdict()
        if "name" in parts:
            path.append(parts["name"])
        got = parts.get("got", "").strip("'")
        return Complaint(flaw, tuple(path), parts.get("wanted", ""), got, parts.get("kind", ""))
    return Complaint("type", tuple(path), got=message)
