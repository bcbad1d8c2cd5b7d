"""Charts as SVG that stands in a page: pygal's, without its script, in the page's own colours.

Colours are the page's variables, so that one drawing serves light and dark.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.compare.statistics import quantile
from swebench_runner.generation.errors import MissingExtraError
from swebench_runner.generation.report.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from pygal import Graph

    from swebench_runner.generation.compare.records import CallRecord
    from swebench_runner.generation.report.content import NamedRun, Report

OUTCOMES: Final = (
    "solved", "applies", "unchecked", "does_not_apply", "unparsable", "empty", "truncated", "refused",
    "over_window", "infrastructure",
)  # fmt: skip
COLOURS: Final = 8
_MEANING: Final = {"applies": "applies, not known to solve", "unchecked": "not tried out"}
_WIDTH: Final = 520
_WIDE: Final = 600
_BINS: Final = 8
_STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with what belongs to it.

    Attributes:
        key: Its id in the page.
        title: What it shows.
        note: How to read it; "" for nothing to say.
        legend: Name and colour variable of each series.
        svg: Markup, safe to stand in a page.
        wide: Whether it takes the whole width.
    """

    key: str
    title: str
    note: str
    legend: tuple[tuple[str, str], ...]
    svg: str
    wide: bool = False


def draw(report: Report) -> list[Chart]:
    """The charts of a report.

    Raises:
        MissingExtraError: The library that draws is not installed.
    """
    try:
        import pygal  # noqa: F401, PLC0415 - an optional extra; needed for pages only
    except ImportError as exc:
        raise MissingExtraError(
            "charts need pygal", hint="pip install 'swebench-runner[report]', or --format md"
        ) from exc
    # It leaves a finder of the old kind behind, of which Python complains at every import that fails.
    sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    return [_outcomes(report), _cost(report), _latency(report)]


def colour(run: NamedRun) -> str:
    """The colour variable of a run."""
    return f"--run-{(run.place - 1) % COLOURS + 1}"


def _outcomes(report: Report) -> Chart:
    from pygal import HorizontalStackedBar  # noqa: PLC0415 - as above

    counts = {run.name: _counted(run) for run in report.runs}
    present = [name for name in OUTCOMES if any(found.get(name) for found in counts.values())]
    runs = list(reversed(report.runs))  # drawn from below
    chart = HorizontalStackedBar(
        **_settings([f"--{name}" for name in present], height=64 + 34 * len(runs), width=_WIDE)
    )
    chart.x_labels = [_label(run.name) for run in runs]
    chart.value_formatter = "{:,.0f}".format
    for name in present:
        chart.add(name, [counts[run.name].get(name) for run in runs])
    legend = tuple((_MEANING.get(name, name.replace("_", " ")), f"--{name}") for name in present)
    return Chart(
        "outcomes",
        "Outcomes",
        "Instances by what became of them.",
        legend,
        _svg(chart, "outcomes"),
        wide=True,
    )


def _counted(run: NamedRun) -> dict[str, int]:
    """Instances by outcome; those that are solved apart, once somebody has looked."""
    records = run.record.instances.values()
    return Counter("solved" if one.resolved else one.outcome for one in records)


def _cost(report: Report) -> Chart:
    from pygal import XY  # noqa: PLC0415 - as above

    paid = any(run.contender.cost_usd for run in report.runs)
    right = "solved" if report.comparison.yardstick == "resolved" else "applied"
    chart = XY(**_settings([colour(run) for run in report.runs], height=320), dots_size=2)
    chart.x_value_formatter = (
        (lambda x: f"${x:,.2f}" if x >= 0.1 else f"${x:,.3f}") if paid else "{:,.0f}".format
    )
    chart.value_formatter = "{:,.0f}".format
    for run in report.runs:
        chart.add(run.name, _course(run, paid=paid, solved=right == "solved"))
    title = f"Instances {right} for the {'money spent' if paid else 'tokens used'}"
    note = "Each line is a run in the order of its calls: higher and further left is better."
    return Chart("cost", title, note, _legend(report), _svg(chart, "cost"))


def _course(run: NamedRun, *, paid: bool, solved: bool) -> list[tuple[float, int]]:
    """What had been spent, and how many came out right, after each instance in order."""
    records = sorted(run.record.instances.values(), key=lambda one: one.calls[0].number if one.calls else 0)
    spent = accumulate(sum((_price(call, paid=paid) for call in one.calls), Decimal(0)) for one in records)
    right = accumulate(int(bool(one.resolved) if solved else one.applied) for one in records)
    return [(0.0, 0), *((float(x), y) for x, y in zip(spent, right, strict=True))]


def _price(call: CallRecord, *, paid: bool) -> Decimal:
    if paid:
        return call.cost_usd or Decimal(0)
    return Decimal((call.prompt_tokens or 0) + (call.completion_tokens or 0))


def _latency(report: Report) -> Chart:
    from pygal import Bar  # noqa: PLC0415 - as above

    found = [_latencies(run) for run in report.runs]
    top_s = quantile([one for some in found for one in some], 0.98) or 1.0
    unit, in_unit = ("milliseconds", 1000) if top_s < 1 else ("seconds", 1)
    step = _step(top_s * in_unit)
    chart = Bar(**_settings([colour(run) for run in report.runs], height=320), spacing=4)
    edges = [step * place for place in range(_BINS)]
    chart.x_labels = [f"{edge:g}" for edge in edges[:-1]] + [f"≥ {edges[-1]:g}"]
    chart.value_formatter = "{:,.0f}".format
    for run, some in zip(report.runs, found, strict=True):
        counts = [0] * _BINS
        for one in some:
            counts[min(_BINS - 1, int(one * in_unit / step))] += 1
        chart.add(run.name, counts)
    note = f"Answers by {unit} from request to end; each group begins at its number."
    return Chart("latency", "Latency", note, _legend(report), _svg(chart, "latency"))


def _latencies(run: NamedRun) -> list[float]:
    answers = (one.answered for one in run.record.instances.values())
    return [call.latency_ms / 1000 for call in answers if call is not None and call.latency_ms is not None]


def _step(top: float) -> float:
    """A round width of bins, so that nine of them reach about `top`."""
    unit = 10.0 ** _magnitude(top / (_BINS - 1))
    return next(unit * step for step in _STEPS if unit * step * (_BINS - 1) >= top)


def _magnitude(value: float) -> int:
    return int(f"{max(value, 0.001):e}".partition("e")[2])


def _legend(report: Report) -> tuple[tuple[str, str], ...]:
    return tuple((visible(run.name), colour(run)) for run in report.runs)


def _label(name: str) -> str:
    shown = visible(name)
    return shown if len(shown) <= 30 else shown[:29] + "…"


def _settings(colours: Sequence[str], *, height: int, width: int = _WIDTH) -> dict[str, object]:
    from pygal.style import Style  # noqa: PLC0415 - as above

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="var(--muted)",
        foreground_strong="var(--muted)",
        foreground_subtle="var(--line)",
        guide_stroke_color="var(--line)",
        major_guide_stroke_color="var(--line)",
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
        colors=tuple(f"var({name})" for name in colours),
        font_family="inherit",
        label_font_size=14,
        major_label_font_size=14,
        value_label_font_size=14,
        opacity="1",
        stroke_opacity="1",
        stroke_width="2",
        transition="0s",
    )
    return {
        "style": style,
        "js": (),
        "width": width,
        "height": height,
        "margin": 8,
        "show_legend": False,
        "max_scale": 6,
        "disable_xml_declaration": True,
        "truncate_label": -1,
    }


def _svg(chart: Graph, key: str) -> str:
    """The drawing: same input, same bytes; nothing in it runs or is fetched; tips without a script."""
    chart.uuid = key  # else random, and a report would differ from itself
    chart.add_xml_filter(_without_script)
    markup: str = chart.render(is_unicode=True)
    return markup[markup.index("<svg") :].replace("<svg ", '<svg role="img" ', 1)


def _without_script(root: Element) -> Element:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "script" or not isinstance(child.tag, str):
                parent.remove(child)
            elif child.tag == "desc":
                child.tag = "title"
                if child.get("class") != "value":
                    parent.remove(child)
    return root
