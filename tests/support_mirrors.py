"""Git repositories made by the tests, as their far ends would offer them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swebench_runner.generation.datasets.instances import Instance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BEFORE: dict[str, str] = {
    "pkg/__init__.py": "",
    "pkg/parser.py": "import re\n\n\ndef parse_date(text):\n    return re.split('-', text)\n",
    "pkg/printer.py": "def show(value):\n    print(value)\n",
    "tests/test_parser.py": "def test_parse_date():\n    parse_date('x'); parse_date('y')\n",
    "docs/a file.txt": "é\r\nno end",
}
FIX = """\
diff --git a/pkg/parser.py b/pkg/parser.py
--- a/pkg/parser.py
+++ b/pkg/parser.py
@@ -2,4 +2,4 @@
{0}
{0}
 def parse_date(text):
-    return re.split('-', text)
+    return [int(part) for part in text.split('-')]
""".replace("{0}", " ")
PROBLEM = (
    "parse_date gives texts.\nThe function parse_date in the parser should give numbers.\nIt does not.\n"
)


@dataclass(frozen=True)
class Upstream:
    """A repository behind a `file://` address, with the commit before the fix and the one after it."""

    root: Path
    repo: str
    before: str
    after: str

    @property
    def url(self) -> str:
        return f"file://{self.root}/{{repo}}.git"

    @property
    def path(self) -> Path:
        return self.root / f"{self.repo}.git"

    def instance(self, instance_id: str = "acme__tool-1", **given: object) -> Instance:
        values: dict[str, object] = {"patch": FIX, "hints_text": "SECRET HINT", **given}
        return Instance(instance_id, self.repo, self.before, PROBLEM, **values)  # type: ignore[arg-type] # tests choose


def git(*arguments: str, cwd: Path) -> str:
    """What git says in a folder."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    env = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    run = subprocess.run(
        ["git", *who, *arguments], cwd=cwd, env=env, check=True, capture_output=True, text=True
    )
    return run.stdout.strip()


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Files with their texts, to the letter."""
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8", "surrogateescape"))


def make_upstream(root: Path, *, repo: str = "acme/tool", files: Mapping[str, str] | None = None) -> Upstream:
    """A repository that serves partial clones, with a link, binary data, and a future."""
    work = root / "work" / repo
    work.mkdir(parents=True)
    git("init", "-q", "-b", "main", cwd=work)
    write(work, BEFORE if files is None else files)
    (work / "link.py").symlink_to("pkg/parser.py")
    (work / "data.bin").write_bytes(b"\0\1\2")
    git("add", "-A", cwd=work)
    git("commit", "-qm", "before", cwd=work)
    before = git("rev-parse", "HEAD", cwd=work)
    write(work, {"pkg/parser.py": "THE FUTURE\n", "pkg/future.py": "def parse_date(): 'FUTURE'\n"})
    git("add", "-A", cwd=work)
    git("commit", "-qm", "after", cwd=work)
    target = root / "served" / f"{repo}.git"
    target.parent.mkdir(parents=True)
    git("clone", "-q", "--bare", str(work), str(target), cwd=root)
    git("config", "uploadpack.allowFilter", "true", cwd=target)
    git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=target)
    return Upstream(root / "served", repo, before, git("rev-parse", "HEAD", cwd=work))
