"""Patches as text: headers as git writes them, hunks with the counts that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.generation.patches.edits import REGULAR, FileEdit, Line
from swebench_runner.generation.patches.paths import DEV_NULL, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_NEWLINE = "\\ No newline at end of file"


def render_edit(edit: FileEdit) -> str:
    """The edit as a diff; "" when hunks without removed or context lines give git nothing to hold on to.

    Counts are those of the lines. Line numbers are the answer's where it has some.
    """
    hunks = _rendered_hunks(edit) if edit.content is None else _rendered_content(edit.content)
    return render_header(edit) + hunks if hunks else render_header(edit, bodiless=True)


def render_header(edit: FileEdit, *, blobs: str = "", bodiless: bool = False) -> str:
    """The lines above the hunks of one file.

    Args:
        edit: Names and modes.
        blobs: Names of the objects before and after, as "old..new"; "" when not known.
        bodiless: No hunk follows; the header is "" if it says nothing by itself.
    """
    old, new = edit.old_path or edit.path, edit.path
    lines = [f"diff --git {quote('a/' + old)} {quote('b/' + new)}", *_extended(edit)]
    if bodiless and len(lines) == 1:
        return ""
    if blobs and not bodiless:
        lines.append(f"index {blobs}")
    if not bodiless:
        lines.append("--- " + (DEV_NULL if edit.creates else _name("a/" + old)))
        lines.append("+++ " + (DEV_NULL if edit.deletes else _name("b/" + new)))
    return "".join(line + "\n" for line in lines)


def _extended(edit: FileEdit) -> Iterator[str]:
    if edit.creates:
        yield f"new file mode {edit.new_mode or REGULAR}"
    elif edit.deletes:
        yield f"deleted file mode {edit.old_mode or REGULAR}"
    elif edit.old_mode and edit.new_mode and edit.old_mode != edit.new_mode:
        yield f"old mode {edit.old_mode}"
        yield f"new mode {edit.new_mode}"
    if edit.moves:
        verb = "copy" if edit.copies else "rename"
        yield f"{verb} from {quote(edit.old_path or '')}"
        yield f"{verb} to {quote(edit.new_path or '')}"


def _name(path: str) -> str:
    """A name after "--- ": a tab ends one with spaces, or what follows would count as a time stamp."""
    name = quote(path)
    return name + "\t" if " " in name and not name.startswith('"') else name


def _rendered_hunks(edit: FileEdit) -> str:
    hunks = [hunk for hunk in edit.hunks if hunk.changes]
    if all(hunk.old_start is not None for hunk in hunks):
        hunks.sort(key=lambda hunk: hunk.old_start or 0)
    shift, after = 0, 1
    texts: list[str] = []
    for hunk in hunks:
        old_count, new_count = hunk.counts
        # Git holds a hunk that claims line 1 to the start of the file; one without a number claims line 2.
        start = hunk.old_start if hunk.old_start is not None else after + 1
        start = 0 if edit.creates or not old_count else max(start, 1)
        new_start = max(start + shift, 0) + (not start) - (not new_count)
        heading = f" {hunk.anchors[0]}" if hunk.anchors and hunk.old_start is not None else ""
        head = f"@@ -{_span(start, old_count)} +{_span(new_start, new_count)} @@{heading}\n"
        texts.append(head + "".join(_rendered_line(line) for line in hunk.lines))
        shift += new_count - old_count
        after = start + old_count
    return "".join(texts)


def _rendered_content(content: str) -> str:
    if not content:
        return ""
    lines = content.removesuffix("\n").split("\n")
    body = [Line("+", text) for text in lines]
    body[-1] = body[-1]._replace(bare=not content.endswith("\n"))
    return f"@@ -0,0 +{_span(1, len(body))} @@\n" + "".join(_rendered_line(line) for line in body)


def _rendered_line(line: Line) -> str:
    return f"{line.tag}{line.text}\n" + (NO_NEWLINE + "\n" if line.bare else "")


def _span(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"
