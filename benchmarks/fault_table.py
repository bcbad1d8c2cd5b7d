"""What a caller sees of the same faults through four libraries, as the table in docs/reliability.md.

Each library lives in an environment of its own and talks to the simulator over loopback, with two retries and
four seconds of patience as it understands them. The simulator counts the requests.

Usage: python benchmarks/fault_table.py [--write]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from environments import REPOSITORY, interpreter, versions

from swebench_runner.simulator import SCENARIO_TEXT, Simulator

PAGE = REPOSITORY / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->", "<!-- /faults -->"
# Column -> (environment, whose classes are the library's own, packages to name)
LIBRARIES = {
    "ours": ("", ("swebench_runner",), ("swebench-runner",)),
    "openai_sdk": ("openai_sdk", ("openai",), ("openai",)),
    "anthropic_sdk": ("anthropic_sdk", ("anthropic",), ("anthropic",)),
    "litellm": ("litellm", ("litellm", "openai"), ("litellm",)),
}
BOTH, WHOLE, STREAM = (False, True), (False,), (True,)
FAULTS = (
    ("500 once", "sim-500@n=1", WHOLE),
    ("500 once", "sim-500@n=1@body=json", STREAM),  # another model, since the first one is healthy by now
    ("500 for ever", "sim-500", BOTH),
    ("429, wait 1 s, once", "sim-429@n=1", WHOLE),
    ("429, wait 1 s, once", "sim-429@n=1@body=json", STREAM),
    ("429, wait 22 hours", "sim-429@retry_after=80000", BOTH),
    ("429, quota used up", "sim-quota", BOTH),
    ("401", "sim-401", WHOLE),
    ("400, prompt too long", "sim-context", WHOLE),
    ("reset before headers", "sim-reset", BOTH),
    ("reset in the middle", "sim-reset@at=mid", BOTH),
    ("clean end without terminator", "sim-cut", STREAM),
    ("end of connection without terminator", "sim-cut@end=eof", STREAM),
    ("closed in the middle of a chunk", "sim-cut@end=close", STREAM),
    ("silent", "sim-silent", BOTH),
    ("silent in the middle", "sim-stall@s=0", STREAM),
    ("pings for ever", "sim-pings@every=0.5", BOTH),
    ("bad JSON event", "sim-badjson", STREAM),
    ("bytes that are no UTF-8", "sim-badutf8", BOTH),
    ("error event in the middle", "sim-midstream-error", STREAM),
    ("200 with an error body", "sim-errorbody", BOTH),
    ("200 with a web page", "sim-html", BOTH),
    ("200 with nothing", "sim-emptybody", BOTH),
    ("200 with half a JSON", "sim-truncjson", WHOLE),
    ("no mark after the end", "sim-nodone", STREAM),
)


def measure(library: str) -> dict[tuple[str, bool], str]:
    """(model, stream) to what came of it."""
    environment, own, _packages = LIBRARIES[library]
    python = interpreter(environment) if environment else Path(sys.executable)
    calls = [(model, stream) for _name, model, ways in FAULTS for stream in ways]
    lines = "\n".join(json.dumps({"model": model, "stream": stream}) for model, stream in calls)
    with Simulator().start_in_thread() as simulator:
        client = Path(__file__).parent / "clients" / "faults.py"
        done = subprocess.run(
            [python, client, library, simulator.url], input=lines, capture_output=True, text=True, check=True
        )
        asked = [(record.model, record.stream) for record in simulator.requests]
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {
        (call["model"], call["stream"]): in_words(call, asked.count((call["model"], call["stream"])), own)
        for call in told
    }


def in_words(call: dict[str, str], requests: int, own: tuple[str, ...]) -> str:
    """One cell: the answer, a false answer, an error of the library's own or a raw one; and the requests."""
    count = f" x{requests}" if requests != 1 else ""
    if "text" in call:
        if call["text"] == SCENARIO_TEXT:
            return f"answer{count}"
        words = "cut answer" if call["text"] and SCENARIO_TEXT.startswith(call["text"]) else "wrong answer"
        return f"**{words}, as a success**{count}"
    if call["error"] is None:
        return f"**no end in 45 s**{count}"
    module, _, name = call["error"].partition(".")
    return f"{name}{count}" if module in own else f"**raw {module}.{name}**{count}"


def table(columns: dict[str, dict[tuple[str, bool], str]]) -> str:
    """The results as Markdown."""
    titles = {name: title(name) for name in columns}
    rows = [f"| fault | | {' | '.join(titles.values())} |", "|---|---|" + "---|" * len(columns)]
    for name, model, ways in FAULTS:
        cells = {way: [column.get((model, way), "not run") for column in columns.values()] for way in ways}
        if len(set(map(tuple, cells.values()))) == 1 and len(ways) > 1:
            cells = {None: cells[False]}  # type: ignore[dict-item]  # one row for both
        for way, said in cells.items():
            mode = {None: "both", True: "stream", False: "whole"}[way]
            rows.append(f"| {name} | {mode} | {' | '.join(said)} |")
    return "\n".join(rows)


def title(library: str) -> str:
    """A library with its version."""
    environment, _own, packages = LIBRARIES[library]
    python = interpreter(environment) if environment else Path(sys.executable)
    return " ".join(" ".join(pair) for pair in versions(python, packages).items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    parser.add_argument("--libraries", default=",".join(LIBRARIES), help="comma-separated, of: %(default)s")
    options = parser.parse_args()
    columns = {}
    for library in options.libraries.split(","):
        print(f"{library} …", file=sys.stderr, flush=True)
        columns[library] = measure(library)
    text = table(columns)
    print(text)
    if options.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


if __name__ == "__main__":
    main()
