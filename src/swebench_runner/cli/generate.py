"""`swebench generate`: the options, and what they become."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from swebench_runner.cli.options import Dollars, split_commas

if TYPE_CHECKING:
    from swebench_runner.cli.main import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the command behaves, beside what it is asked for.

    Attributes:
        resume: Go on with the run in the folder.
        force: Accept a run that was begun with other settings.
        yes: Do not ask about costs.
        as_json: One JSON document on standard output, and nothing else.
        arguments: The command line as typed.
    """

    resume: bool
    force: bool
    yes: bool
    as_json: bool
    arguments: tuple[str, ...]


@click.command()
@click.option(
    "-p", "--provider", metavar="NAME", help="Whom to ask: openai, anthropic, ollama, openrouter, …"
)
@click.option(
    "-m", "--model", metavar="NAME", envvar="SWEBENCH_MODEL", help="Model; else the provider's usual one."
)
@click.option(
    "-d", "--dataset", metavar="NAME", envvar="SWEBENCH_DATASET",
    help="lite, verified, full, multilingual, multimodal, sample, or a .json, .jsonl or .parquet file.",
)  # fmt: skip
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
              help="The run's folder; else ./runs/<dataset>-<provider>-<model>-<hash>.")  # fmt: skip
@click.option(
    "--fallback",
    default="",
    metavar="A,B",
    help="Whom to ask when the provider fails: anthropic,openai/gpt-4o.",
)
@click.option("--budget", "budget_usd", type=Dollars(), help="Never spend more than this on the whole run.")
@click.option("--max-workers", type=click.IntRange(1, 1000), metavar="N", envvar="SWEBENCH_MAX_WORKERS",
              help="Instances in flight at once.  [default: 5, fewer for a local server]")  # fmt: skip
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.0, show_default=True, metavar="T",
              help="Randomness of the answers.")  # fmt: skip
@click.option("--max-tokens", type=click.IntRange(1), default=8192, show_default=True, metavar="N",
              help="Longest answer, in tokens.")  # fmt: skip
@click.option(
    "--stream/--no-stream", default=False, help="Let answers travel in pieces; the result is the same."
)
@click.option("--resume/--no-resume", default=True,
              help="Go on with the run in the folder (default), or set it aside and begin anew.")  # fmt: skip
@click.option("--force", is_flag=True, help="Go on with a run that was begun with other settings.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether the cost is all right.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@click.pass_obj
def generate(session: Session, /, **options: object) -> int:
    """Answer SWE-bench instances with a model and write patches as predictions.

    Without any option: the built-in sample, answered by a simulated model over HTTP on this machine.

    A run is resumed by the same command: what is answered is never asked, or paid for, again. Files:
    predictions.jsonl for the harness, journal.sqlite with every answer, summary.json, summary.md.
    """
    from swebench_runner.cli.generate_run import run  # noqa: PLC0415 - `--help` must not pay for it
    from swebench_runner.generation.batch.answer import Sampling  # noqa: PLC0415 - as above
    from swebench_runner.generation.run.instances import Selection  # noqa: PLC0415 - as above
    from swebench_runner.generation.run.plan import RunWishes  # noqa: PLC0415 - as above

    def take(*names: str) -> dict[str, object]:
        return {name: options[name] for name in names}

    options["instance_ids"] = split_commas(options["instance_ids"])  # type: ignore[arg-type] # a tuple of texts
    options["pattern"] = options["subset"]
    chosen = ("count", "instance_ids", "pattern", "regex", "sample_percent", "seed")
    wanted = (
        "provider",
        "model",
        "dataset",
        "split",
        "oracle_files",
        "output",
        "fallback",
        "budget_usd",
        "max_workers",
    )
    wishes = RunWishes(
        selection=Selection(**take(*chosen)),  # type: ignore[arg-type] # click has checked each
        sampling=Sampling(**take("temperature", "max_tokens", "stream")),  # type: ignore[arg-type] # as above
        **take(*wanted),  # type: ignore[arg-type] # as above
    )
    manner = Manner(**take("resume", "force", "yes", "as_json"), arguments=session.arguments)  # type: ignore[arg-type] # as above
    return run(wishes, manner)
