"""Git's own verdict on a patch, in a throw-away folder that holds nothing but the files it touches."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from swebench_runner.generation.patches.git import TIMEOUT_S, decode, encode, run_git, work_folder
from swebench_runner.generation.patches.outcomes import CheckResult, HostilePatchError, Limits, Outcome
from swebench_runner.generation.patches.paths import screen_path
from swebench_runner.generation.patches.resolve import obstacles
from swebench_runner.generation.patches.screen import DEFAULT_LIMITS, screen_patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from swebench_runner.generation.patches.edits import FileEdit

_GLOB = re.compile(r"([\\*?\[\]])")
_MAX_REASON_CHARS = 500


def check(
    patch: str,
    files: Mapping[str, str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    timeout_s: float = TIMEOUT_S,
) -> CheckResult:
    """Whether `git apply --check` takes a patch on these files.

    Args:
        patch: The patch, as it would be written into predictions.
        files: Texts by path, of the whole tree or of the part that is known. Only those that the patch names
            are looked up.
        limits: How large a patch may be.
        timeout_s: Seconds that git may take.

    Returns:
        The verdict; it is open where the patch changes files that were not given. A hostile patch is
        refused without a file being written.

    Raises:
        GitError: Git is missing, or takes too long.
    """
    if not patch.strip():
        return CheckResult(applies=False, reason="the patch is empty", outcome=Outcome.EMPTY)
    try:
        edits = screen_patch(patch, limits=limits)
        blocking = _in_the_way(edits, files)
        needed = _needed(edits, files)
        for name in needed:
            screen_path(name)
    except HostilePatchError as exc:
        return CheckResult(applies=False, reason=str(exc), outcome=Outcome.REFUSED)
    unverified = tuple(
        dict.fromkeys(edit.old_path for edit in edits if edit.old_path and edit.old_path not in files)
    )
    with work_folder() as name:
        tree = Path(name) / "tree"
        tree.mkdir()
        _write(tree, {name: files[name] for name in needed})
        command = ["apply", "--check", "--whitespace=nowarn", *_leave_out(unverified), "-"]
        answer = run_git(command, folder=tree, stdin=encode(patch), timeout_s=timeout_s)
    if answer.status:
        reason = decode(answer.err).strip()[:_MAX_REASON_CHARS] or f"git apply ended with {answer.status}"
        return CheckResult(
            applies=False, reason=reason, unverified=unverified, outcome=Outcome.DOES_NOT_APPLY
        )
    if blocking:
        # Without an index, `git apply --check` does not see that a file would have to be a folder.
        reason = f"{blocking[0]}: already exists"
        return CheckResult(applies=False, reason=reason, outcome=Outcome.DOES_NOT_APPLY)
    if unverified:
        return CheckResult(
            applies=None, reason="not given: " + ", ".join(unverified[:5]), unverified=unverified
        )
    return CheckResult(applies=True, outcome=Outcome.APPLIES)


def check_many(
    items: Iterable[tuple[str, Mapping[str, str]]], *, workers: int = 4, limits: Limits = DEFAULT_LIMITS
) -> Iterator[CheckResult]:
    """The verdicts on many patches, each with its own files, in order.

    Git runs beside us, so a few at a time cost little more than one; no more than `workers` folders exist
    at once, and items are taken as they are needed.
    """
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="git-apply") as pool:
        yield from pool.map(lambda item: check(item[0], item[1], limits=limits), items)


def _needed(edits: Sequence[FileEdit], files: Mapping[str, str]) -> list[str]:
    """The given files that git has to see: those that the patch names."""
    return list(dict.fromkeys(path for edit in edits for path in edit.paths if path in files))


def _in_the_way(edits: Sequence[FileEdit], files: Mapping[str, str]) -> list[str]:
    """The given files where the patch wants a new file, or a folder for one."""
    gone = [
        edit.old_path for edit in edits if edit.old_path and (edit.deletes or edit.moves) and not edit.copies
    ]
    new = [edit.path for edit in edits if edit.creates or edit.moves]
    return [name for path in new for name in obstacles(path, files, gone=gone)]


def _write(tree: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode(text))


def _leave_out(names: Sequence[str]) -> list[str]:
    return [f"--exclude={_GLOB.sub(_escaped, name)}" for name in names]


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[1]
