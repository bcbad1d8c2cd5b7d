"""How much of the recorded traffic the product reads right, and what is left out and why.

python tests/recordings/report.py [--dialect NAME] [--root FOLDER] [--requests]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recordings.check import wrong
from recordings.kinds import dialect_of, left_out, wire
from recordings.loaders import ABSENT, ROOT, Interaction, index, load_all
from recordings.requests_common import TOLERATED
from recordings.round_trip import decoded, request_differences

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Report:
    """Counts by kind, and what did not pass."""

    answers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    passed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    requests_passed: Counter[str] = field(default_factory=Counter)
    through_extra: Counter[tuple[str, str]] = field(default_factory=Counter)
    unsaid: Counter[tuple[str, str]] = field(default_factory=Counter)
    out: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def answer(self, one: Interaction) -> None:
        """Count one recorded answer."""
        framing, _ = wire(one)
        how = "failure" if one.status >= 400 else framing
        kind = (str(dialect_of(one)), how, _source_format(one))
        self.answers[kind] += 1
        found = _faults(wrong, one)
        self.passed[kind] += not found
        self.faults += [f"{one.name}\n    {line}" for line in found]

    def request(self, one: Interaction) -> None:
        """Count one recorded request."""
        dialect = str(dialect_of(one))
        said = decoded(one)
        if isinstance(said, str):
            self.unsaid[dialect, said] += 1
            return
        self.requests[dialect] += 1
        found = _faults(request_differences, one)
        self.requests_passed[dialect] += not found
        self.through_extra.update((dialect, name) for name in said.through_extra)
        self.faults += [f"{one.name} (request)\n    {line}" for line in found]

    def show(self) -> None:
        """Print everything."""
        print(f"Answers: {sum(self.passed.values())} of {sum(self.answers.values())} read as recorded")
        for kind, count in sorted(self.answers.items()):
            print(f"  {self.passed[kind]:5} of {count:5}  {kind[0]:20} {kind[1]:11} {kind[2]}")
        print(
            f"\nRequests: {sum(self.requests_passed.values())} of {sum(self.requests.values())} come out as recorded"
        )
        for dialect, count in sorted(self.requests.items()):
            print(f"  {self.requests_passed[dialect]:5} of {count:5}  {dialect}")
        _table("Requests that our words do not say, or that were not recorded", self.unsaid)
        _table("Fields of requests that went through `extra`", self.through_extra)
        print("\nTolerated between a recorded request and ours")
        for name, reason in TOLERATED.items():
            print(f"         {name}: {reason}")
        _table("Left out", self.out)
        if self.faults:
            print(f"\nNot as recorded: {len(self.faults)}")
            print("\n".join(self.faults))


def _table(title: str, rows: Counter[tuple[str, str]]) -> None:
    print(f"\n{title}: {sum(rows.values())}")
    for (where, what), count in sorted(rows.items()):
        print(f"  {count:5}  {where:20} {what}")


def _faults(check: Callable[[Interaction], list[str]], one: Interaction) -> list[str]:
    try:
        return check(one)
    except Exception as error:  # noqa: BLE001 - a crash of the product is a finding, not the end of the report
        return [f"crashed: {error!r}"]


def _source_format(one: Interaction) -> str:
    if isinstance(one.response, list):
        return "payloads without framing"
    return "decoded body" if isinstance(one.response, dict) else "bytes"


def examine(root: Path = ROOT, dialect: str | None = None) -> Report:
    """Run everything that the index names through the product."""
    report = Report()
    for one in load_all(root):
        if dialect not in {None, dialect_of(one)}:
            continue
        if reason := left_out(one):
            report.out[one.api, reason] += 1
        else:
            report.answer(one)
            report.request(one)
    return report


def main() -> int:
    """Print the report; 1 when something does not read as recorded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="another collection with an index.jsonl")
    parser.add_argument("--dialect", help="openai_chat, openai_responses, anthropic_messages or ollama")
    options = parser.parse_args()
    if not index(options.root):
        print(ABSENT)
        return 0
    report = examine(options.root, options.dialect)
    report.show()
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
