"""One task of a SWE-bench dataset as a value, whatever variant of the schema it was written in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from swebench_runner.generation.errors import DatasetValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swebench_runner.providers.core.json import JSON

Row: TypeAlias = "Mapping[str, JSON]"

MAX_ID_LENGTH: Final = 200
REQUIRED_COLUMNS: Final = ("instance_id", "repo", "base_commit", "problem_statement")
KNOWN_COLUMNS: Final = frozenset(
    (
        *REQUIRED_COLUMNS,
        *("patch", "test_patch", "hints_text", "created_at", "version"),
        *("FAIL_TO_PASS", "PASS_TO_PASS", "text"),
    )
)

_SAFE_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*", re.ASCII)
_PATCH_TAGS: Final = re.compile(r"\s*<patch>\n?(.*?)\n?\s*</patch>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Instance:
    """A repository at a commit, a problem in words, and, for the judge only, how it was solved.

    Attributes:
        instance_id: "owner__repo-number"; safe as a file name.
        repo: "owner/repo".
        base_commit: The commit that the patch starts from.
        problem_statement: The issue as its author wrote it.
        patch: The reference solution. Never part of a prompt, nor are the six fields below it.
        test_patch: The tests that judge a solution.
        hints_text: What was said in the issue afterwards.
        version: The project's version, as text.
        created_at: When the solution was proposed, as the dataset writes it.
        fail_to_pass: Names of the tests that a solution turns green.
        pass_to_pass: Names of the tests that must stay green.
        text: A finished prompt, in the text datasets; None elsewhere.
        image_assets: Addresses of pictures by where they appear ("problem_statement", "patch", …).
        raw: Columns that this value does not hold whole (`image`, `eval_script`, `difficulty`,
            `image_assets` with its paths, …), as they came.

    Source: the official Parquet files of 2026-08 (lite, verified, full, multilingual, multimodal).
    """

    instance_id: str
    repo: str
    base_commit: str
    problem_statement: str
    patch: str = field(default="", repr=False)
    test_patch: str = field(default="", repr=False)
    hints_text: str = field(default="", repr=False)
    version: str = ""
    created_at: str = ""
    fail_to_pass: tuple[str, ...] = field(default=(), repr=False)
    pass_to_pass: tuple[str, ...] = field(default=(), repr=False)
    text: str | None = field(default=None, repr=False)
    image_assets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, hash=False)
    raw: Row = field(default_factory=dict, repr=False, hash=False)

    def to_row(self) -> dict[str, JSON]:
        """The instance in the official column names, lists JSON-encoded as the Python sets have them."""
        row: dict[str, JSON] = {
            "repo": self.repo,
            "instance_id": self.instance_id,
            "base_commit": self.base_commit,
            "patch": self.patch,
            "test_patch": self.test_patch,
            "problem_statement": self.problem_statement,
            "hints_text": self.hints_text,
            "created_at": self.created_at,
            "version": self.version,
            "FAIL_TO_PASS": json.dumps(self.fail_to_pass),
            "PASS_TO_PASS": json.dumps(self.pass_to_pass),
        }
        if self.text is not None:
            row["text"] = self.text
        return row | dict(self.raw)


def read_instance(row: Row, *, where: str) -> Instance:
    """The instance that a row of a dataset describes.

    Args:
        row: Column names and values. Unknown columns are kept in `raw`, missing optional ones are empty.
        where: File and line, for errors.

    Raises:
        DatasetValidationError: A required column is missing or not text, or the id could not be a file name.
    """
    return Instance(
        instance_id=_instance_id(row, where),
        repo=_required(row, "repo", where),
        base_commit=_required(row, "base_commit", where),
        problem_statement=_required(row, "problem_statement", where),
        patch=_unwrap(_optional(row, "patch", where)),
        test_patch=_optional(row, "test_patch", where),
        hints_text=_optional(row, "hints_text", where),
        version=_optional(row, "version", where),
        created_at=_optional(row, "created_at", where),
        fail_to_pass=_names(row, "FAIL_TO_PASS", where),
        pass_to_pass=_names(row, "PASS_TO_PASS", where),
        text=_optional(row, "text", where) or None,
        image_assets=_images(row, where),
        raw={name: value for name, value in row.items() if name not in KNOWN_COLUMNS},
    )


def is_safe_id(instance_id: str) -> bool:
    """Whether this can name an instance: a letter, then letters, digits, `_`, `-`, `.`; at most 200."""
    return len(instance_id) <= MAX_ID_LENGTH and _SAFE_ID.fullmatch(instance_id) is not None


def _instance_id(row: Row, where: str) -> str:
    instance_id = _required(row, "instance_id", where)
    if not is_safe_id(instance_id):
        raise DatasetValidationError(
            f"{where}: unsafe instance id {instance_id[:80]!r}",
            hint=f"an id starts with a letter, then letters, digits, '_', '-', '.'; at most {MAX_ID_LENGTH}",
        )
    return instance_id


def _required(row: Row, column: str, where: str) -> str:
    value = row.get(column)
    if value is None:
        who = "" if column == "instance_id" else f" (instance {str(row.get('instance_id'))[:80]!r})"
        raise DatasetValidationError(f"{where}{who}: no {column!r}", hint=_missing_hint(row))
    if not isinstance(value, str):
        raise DatasetValidationError(f"{where}: {column!r} is {_kind(value)}, not text")
    if column != "problem_statement" and not value:
        raise DatasetValidationError(f"{where}: {column!r} is empty")
    return _encodable(value, column, where)


def _missing_hint(row: Row) -> str:
    if "model_patch" in row:
        return "this looks like a predictions file; give the dataset that the predictions are for"
    return "every instance needs " + ", ".join(REQUIRED_COLUMNS)


def _optional(row: Row, column: str, where: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise DatasetValidationError(f"{where}: {column!r} is {_kind(value)}, not text")
    return _encodable(str(value), column, where)


def _encodable(text: str, column: str, where: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise DatasetValidationError(
                f"{where}: {column!r} has half a character (a lone surrogate) at position {exc.start}",
                hint="write the file as UTF-8 again",
            ) from exc
    return text


def _unwrap(patch: str) -> str:
    """The text datasets keep the reference solution between <patch> tags."""
    match = _PATCH_TAGS.fullmatch(patch)
    if match is None:
        return patch
    inner = match.group(1)
    return inner + "\n" if inner else ""


def _names(row: Row, column: str, where: str) -> tuple[str, ...]:
    value = _decoded(row.get(column), column, where)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DatasetValidationError(f"{where}: {column!r} is {_kind(value)}, not a list of test names")
    return tuple(value)


def _images(row: Row, where: str) -> Mapping[str, tuple[str, ...]]:
    value = _decoded(row.get("image_assets"), "image_assets", where)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DatasetValidationError(f"{where}: 'image_assets' is {_kind(value)}, not an object of lists")
    return {place: _addresses(links, where) for place, links in value.items() if links}


def _addresses(links: object, where: str) -> tuple[str, ...]:
    """Addresses as text, or as {"path": …, "url": …} where the picture is a file of the repository."""
    found = (
        [link.get("url") if isinstance(link, dict) else link for link in links]
        if isinstance(links, list)
        else []
    )
    addresses = tuple(link for link in found if isinstance(link, str))
    if not addresses or len(addresses) != len(found):
        raise DatasetValidationError(f"{where}: 'image_assets' holds something else than lists of addresses")
    return addresses


def _decoded(value: JSON, column: str, where: str) -> object:
    """The Python sets store lists as JSON text, Multilingual as lists."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except ValueError as exc:
        raise DatasetValidationError(f"{where}: {column!r} is neither a list nor JSON text") from exc


def _kind(value: object) -> str:
    kinds: Sequence[tuple[type, str]] = (
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), type(value).__name__)
