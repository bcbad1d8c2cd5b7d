"""Twelve tiny Python projects with a bug each, so that everything runs on a fresh machine.

Every file in `projects/` is one instance in the official columns, plus the project's files before
the fix. Between them they have what breaks patch tools: several hunks, several files, a new file, a
deleted one, text beyond ASCII, CRLF line ends, a missing final newline, a path with a space.
The tests are run with `unittest`; nothing has to be installed.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from swebench_runner.generation.datasets.instances import read_instance
from swebench_runner.generation.errors import InstanceValidationError

if TYPE_CHECKING:
    from swebench_runner.generation.datasets.instances import Instance


def load() -> list[Instance]:
    """The sample's instances, by name."""
    return [instance for instance, _ in _projects().values()]


def files(instance_id: str) -> dict[str, str]:
    """A project's files before the fix: path and text, line ends as they are.

    Raises:
        InstanceValidationError: It is not one of the sample's instances.
    """
    if instance_id not in _projects():
        raise InstanceValidationError(
            f"not in the sample: {instance_id!r}", hint="one of " + ", ".join(sorted(_projects()))
        )
    return dict(_projects()[instance_id][1])


def oracle_files() -> dict[str, dict[str, str]]:
    """The files of every project by instance id: what a model is shown of the sample."""
    return {instance_id: dict(texts) for instance_id, (_, texts) in _projects().items()}


@cache
def _projects() -> dict[str, tuple[Instance, dict[str, str]]]:
    folder = resources.files(__name__) / "projects"
    entries = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name
    )
    projects = (_read(entry.read_text(encoding="utf-8"), entry.name) for entry in entries)
    return {instance.instance_id: (instance, texts) for instance, texts in projects}


def _read(text: str, name: str) -> tuple[Instance, dict[str, str]]:
    row = tomllib.loads(text)
    texts: dict[str, str] = row.pop("files")
    row["base_commit"] = _fingerprint(texts)
    return read_instance(row, where=name), texts


def _fingerprint(texts: dict[str, str]) -> str:
    """Forty hexadecimal digits that change when a file does, where other sets have a commit."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in sorted(texts):
        digest.update(f"{path}\0{texts[path]}\0".encode())
    return digest.hexdigest()
