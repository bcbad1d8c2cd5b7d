"""File names in patches: quoting, prefixes, what a name may be, and which given file it means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from swebench_runner.generation.patches.outcomes import HostilePatchError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEV_NULL = "/dev/null"

_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPED = {code: f"\\{name}" for name, code in _ESCAPES.items()}
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TIMESTAMP = re.compile(r"\s+\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*$")
_REMARK = re.compile(
    r"\s+\((?:original|modified|updated|revised|old|new|before|after|fixed|working copy|revision \d+)\)$",
    re.IGNORECASE,
)
_PREFIX_PAIRS = frozenset(
    {
        ("a", "b"),
        ("a", "a"),
        ("b", "b"),
        ("i", "w"),
        ("c", "i"),
        ("c", "w"),
        ("o", "w"),
        ("1", "2"),
        ("old", "new"),
        ("original", "modified"),
        ("before", "after"),
    }
)

# Characters that HFS+ leaves out when it compares names, so that ".g\u200cit" is ".git" there.
_IGNORABLE = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GIT_FOLDER = re.compile(r"\.git|git~\d+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def screen_path(path: str) -> None:
    """Nothing, for a name that stays inside the tree and outside git's own folder.

    Raises:
        HostilePatchError: It is absolute, climbs out, means another place on some system, or is no name.
    """
    reason = _objection(path)
    if reason:
        raise HostilePatchError(f"{reason}: {path[:200]!r}")


def quote(path: str) -> str:
    """A name as git writes it: as it is, or in double quotes with octal bytes."""
    data = path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in data):
        return path
    return '"' + "".join(_ESCAPED.get(byte) or _quoted_byte(byte) for byte in data) + '"'


def unquote(text: str) -> str:
    """A name as it is, whether git put it in quotes or not."""
    found = _QUOTED.match(text)
    if found is None:
        return text
    data = found[1].encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(_unescape, data).decode("utf-8", "surrogateescape")


def read_header_path(text: str) -> str | None:
    """The name after "--- " or "+++ ", without time stamps and remarks; None for /dev/null."""
    text = text.strip(" \r")
    if not text.startswith('"'):
        text = _REMARK.sub("", _TIMESTAMP.sub("", text.split("\t", 1)[0])).strip().strip("`")
    name = unquote(text)
    return None if name == DEV_NULL else name.removeprefix("./")


def read_git_header(text: str) -> tuple[str, str]:
    """Both names after "diff --git ", prefixes included; two empty ones where they cannot be told apart."""
    text = text.strip(" \r")
    quoted = _QUOTED.match(text)
    if quoted:
        return unquote(text), unquote(text[quoted.end() :].lstrip())
    middle = len(text) // 2
    if (
        text[middle : middle + 1] == " "
        and text[:middle].partition("/")[2] == text[middle + 1 :].partition("/")[2]
    ):
        return text[:middle], text[middle + 1 :]
    for separator in (' "', " b/"):
        left, found, right = text.partition(separator)
        if found:
            return left, unquote(separator[1:] + right)
    left, _, right = text.partition(" ")
    return left, right


def strip_prefixes(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Both names without "a/" and "b/", or what else stands for before and after."""
    if old is None or new is None:
        return _strip_one(old), _strip_one(new)
    old_head, _, old_rest = old.partition("/")
    new_head, _, new_rest = new.partition("/")
    if old_rest and new_rest and (old_head, new_head) in _PREFIX_PAIRS:
        return old_rest, new_rest
    if old_rest == new and old_head in "ab":
        return new, new
    if new_rest == old and new_head in "ab":
        return old, old
    return old, new


def resolve(path: str, files: Mapping[str, str]) -> str | None:
    """The given file that a name means: itself, or the only one that ends, or begins, in the same way.

    Returns:
        A key of `files`; None when none or several could be meant.
    """
    for candidate in (path, path.partition("/")[2], f"a/{path}", f"b/{path}"):
        if candidate and candidate in files:
            return candidate
    inside = "/" + path
    longer = [name for name in files if name.endswith(inside)]
    if longer:
        return longer[0] if len(longer) == 1 else None
    shorter = [name for name in files if "/" in name and path.endswith("/" + name)]
    return max(shorter, key=len) if shorter else None


def _objection(path: str) -> str:
    if not path or path.endswith("/"):
        return "a path that names no file"
    if _CONTROL.search(path):
        return "a control character in a path"
    if "\\" in path:
        return "a backslash in a path"
    if path.startswith("/") or _DRIVE.match(path):
        return "an absolute path"
    if len(path.encode("utf-8", "surrogatepass")) > 4000:
        return "a path that is too long"
    for part in path.split("/"):
        reason = _part_objection(part)
        if reason:
            return reason
    return ""


def _part_objection(part: str) -> str:
    if part == "..":
        return "a path that leaves the tree"
    if part in ("", "."):
        return "a path that is not in its shortest form"
    if part.rstrip(". ") == "":
        return "a path of dots and spaces"
    if len(part.encode("utf-8", "surrogatepass")) > 255:
        return "a path that is too long"
    plain = _IGNORABLE.sub("", part).split(":", 1)[0].rstrip(". ").casefold()
    return "a path into git's own folder" if _GIT_FOLDER.fullmatch(plain) else ""


def _strip_one(path: str | None) -> str | None:
    if path is not None and path[:2] in ("a/", "b/"):
        return path[2:]
    return path


def _quoted_byte(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _unescape(found: re.Match[bytes]) -> bytes:
    code = found[1].decode()
    return bytes([_ESCAPES[code] if code in _ESCAPES else int(code, 8) & 0xFF])
