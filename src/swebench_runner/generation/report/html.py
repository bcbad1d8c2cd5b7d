"""The page: one file, readable without a network, in which nothing that a model wrote can act."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.compare import wording
from swebench_runner.generation.errors import MissingExtraError
from swebench_runner.generation.report.charts import colour, draw
from swebench_runner.generation.report.untrusted import diff_parts, shorten, visible
from swebench_runner.generation.run.summary import money

if TYPE_CHECKING:
    from swebench_runner.generation.report.content import Report

# What all answers, patches and problems together may take: well below the page's 15 MB.
_ALL_TEXTS: Final = 10_000_000
_LONGEST: Final = 30_000
_SHORTEST: Final = 500


def to_html(report: Report) -> str:
    """The page.

    Raises:
        MissingExtraError: The libraries that draw and fill in are not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - an optional extra; for pages only
    except ImportError as exc:
        raise MissingExtraError(
            "pages need jinja2", hint="pip install 'swebench-runner[report]', or --format md"
        ) from exc
    folder = resources.files(__package__) / "templates"
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    limit = text_limit(report)
    environment.filters.update(
        text=lambda text: shorten(text, limit),
        visible=visible,
        money=money,
        seconds=wording.seconds,
        percent=wording.percent,
        diff=lambda patch: diff_parts(shorten(patch, limit)),
        colour=colour,
    )
    template = environment.from_string((folder / "report.html.j2").read_text(encoding="utf-8"))
    style = (folder / "report.css").read_text(encoding="utf-8")
    comparison = report.comparison
    columns, rows = wording.table(comparison)
    return template.render(
        report=report,
        charts=draw(report),
        style=style,
        columns=columns,
        rows=list(zip(comparison.contenders, rows, strict=True)),
        verdict=wording.verdict(comparison),
        sentences=[(pair, wording.sentence(pair, comparison.yardstick)) for pair in comparison.pairs],
        matrix=wording.matrix(comparison),
        alone_title=wording.alone_title(comparison.yardstick),
    )


def text_limit(report: Report) -> int:
    """How many characters of markup one text may take, so that the page stays readable by any browser."""
    texts = sum(1 + 2 * len(section.entries) for section in report.sections)
    return max(_SHORTEST, min(_LONGEST, _ALL_TEXTS // max(1, texts)))
