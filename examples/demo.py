"""What `make demo` shows: the sample answered by a simulated model over HTTP, then evaluated here.

It runs the real command line, as you would:

    swebench generate --output FOLDER
    swebench evaluate FOLDER
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path("runs") / "demo"


def swebench(*arguments: str) -> None:
    """Run a command of ours where its output can be seen; give up with it."""
    print(f"\n$ swebench {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "swebench_runner", *arguments], check=False)  # noqa: S603 - our own command
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Generate, evaluate, and say what came of it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    swebench(
        "generate",
        "--provider",
        "simulator",
        "--model",
        MODEL,
        "--output",
        str(FOLDER),
    )
    swebench("evaluate", str(FOLDER))
    summary = json.loads((FOLDER / "summary.json").read_bytes())
    verdicts = json.loads((FOLDER / "evaluation.json").read_bytes())
    print(
        f"\n{summary['instances']} instances answered over HTTP by the built-in simulator, "
        f"{summary['usable_patches']} patches apply, {verdicts['resolved_instances']} solve their instance\n"
        "(some simulated answers are damaged, and mended; some are wrong on purpose).\n\n"
        f"Everything is in {FOLDER}: predictions.jsonl for the harness, summary.md, journal.sqlite.\n"
        "With your own model:  export OPENAI_API_KEY=…  and  swebench generate --provider openai -d sample"
    )
    if summary["usable_patches"] < summary["instances"]:
        sys.exit("not every patch applies")


MODEL = "sim-mixed"

if __name__ == "__main__":
    main()
