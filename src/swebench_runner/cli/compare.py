"""`swebench compare`: the options, and what they become."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from swebench_runner.cli.options import Dollars, split_commas

if TYPE_CHECKING:
    from swebench_runner.cli.main import Session

_SELECTION = ("count", "instance_ids", "pattern", "regex", "sample_percent", "seed")
_WISHES = ("dataset", "split", "oracle_files", "output", "budget_usd", "max_workers")


@click.command(
    epilog="Example: swebench compare --providers openai/gpt-4o,anthropic/sonnet -d lite -c 20 --budget 5"
)
@click.option("-p", "--providers", "--provider", multiple=True, required=True, metavar="A,B",
              help="Whom to ask: openai/gpt-4o,anthropic/sonnet; commas, or repeat it.")  # fmt: skip
@click.option("-d", "--dataset", metavar="NAME", envvar="SWEBENCH_DATASET",
              help="lite, verified, full, …, sample, or a file; as for generate.")  # fmt: skip
@click.option("--split", metavar="NAME", help="Split of a hub dataset; else its usual one.")
@click.option("-c", "--count", type=int, metavar="N", help="At most so many instances.")
@click.option("-i", "--instance", "--instances", "instance_ids", multiple=True, metavar="ID",
              help="Only this instance; repeat it or separate ids by commas.")  # fmt: skip
@click.option("--subset", metavar="GLOB", help="Only ids that fit this pattern: 'django__*'.")
@click.option("--regex", metavar="EXPR", help="Only ids that this regular expression matches.")
@click.option("--sample-percent", type=float, metavar="P", help="Only this share of the instances.")
@click.option("--seed", type=int, metavar="N", help="Choose at random, the same way for the same number.")
@click.option("--oracle-files", type=click.Path(path_type=Path), metavar="FILE",
              help='Files to show: lines of {"instance_id", "oracle_files": {path: text}}')  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR",
              help="Its folder, with a run for each; else ./runs/compare-<dataset>-<hash>.")  # fmt: skip
@click.option("--budget", "budget_usd", type=Dollars(), help="Never spend more than this on all together.")
@click.option("--max-workers", type=click.IntRange(1, 1000), metavar="N", envvar="SWEBENCH_MAX_WORKERS",
              help="Instances in flight at once.  [default: 5, fewer for a local server]")  # fmt: skip
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.0, show_default=True, metavar="T",
              help="Randomness of the answers.")  # fmt: skip
@click.option("--max-tokens", type=click.IntRange(1), default=8192, show_default=True, metavar="N",
              help="Longest answer, in tokens.")  # fmt: skip
@click.option("--evaluate/--no-evaluate", default=True,
              help="Judge answers to the sample by its tests, on this machine.  [default: yes]")  # fmt: skip
@click.option("--force", is_flag=True, help="Go on with runs that were begun with other settings.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether the cost is all right.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@click.pass_obj
def compare(session: Session, /, **options: object) -> int:
    """Ask several models the same and say which is better for what, and whether that may be chance.

    Everyone gets the same prompts byte for byte, one after another, each in a run folder of its own; the
    same command resumes where it was. Instances of the sample are solved or not by their tests; elsewhere
    patches that apply count, until every run has been evaluated.
    """
    from swebench_runner.cli.compare_run import CompareManner, run  # noqa: PLC0415 - `--help` must not pay for it
    from swebench_runner.generation.batch.answer import Sampling  # noqa: PLC0415 - as above
    from swebench_runner.generation.run.instances import Selection  # noqa: PLC0415 - as above
    from swebench_runner.generation.run.plan import RunWishes  # noqa: PLC0415 - as above

    def take(*names: str) -> dict[str, object]:
        return {name: options[name] for name in names}

    options["instance_ids"] = split_commas(options["instance_ids"])  # type: ignore[arg-type] # a tuple of texts
    options["pattern"] = options["subset"]
    wishes = RunWishes(
        selection=Selection(**take(*_SELECTION)),  # type: ignore[arg-type] # click has checked each
        sampling=Sampling(**take("temperature", "max_tokens")),  # type: ignore[arg-type] # as above
        **take(*_WISHES),  # type: ignore[arg-type] # as above
    )
    manner = CompareManner(**take("evaluate", "force", "yes", "as_json"), arguments=session.arguments)  # type: ignore[arg-type] # as above
    return run(split_commas(options["providers"]), wishes, manner)  # type: ignore[arg-type] # a tuple of texts
