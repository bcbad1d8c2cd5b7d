"""The page in a real browser: drawn, silent, and asking nobody for anything."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from support_runs import write_run
from swebench_runner.generation.report.writing import render, report_on

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.xdist_group("chromium"),
]
# Whom the browser calls on its own account, whatever page it shows.
OWN_HOSTS = ("google.com", "googleapis.com", "gvt1.com", "gstatic.com")
HOSTILE = (
    "<script>console.error('ran')</script><img src=http://127.0.0.1:9/seen.png onerror=console.error('ran')>"
    "</pre></details><svg onload=console.error('ran')><style>@import 'http://127.0.0.1:9/seen.css'</style>"
    "<link rel=stylesheet href=http://127.0.0.1:9/seen.css>]]><!-- &lt;"
)


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page."""

    dom: str
    console: list[str]
    requests: list[str]


def browse(page: Path) -> Seen:
    log = page.with_suffix(".net.json")
    done = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr"),
            *(f"--user-data-dir={page.parent / 'profile'}", f"--log-net-log={log}", "--dump-dom"),
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    urls = set(re.findall(r'"url":"(https?://[^"]+)', log.read_text(errors="replace")))
    asked = [url for url in urls if not (urlsplit(url).hostname or "").endswith(OWN_HOSTS)]
    return Seen(done.stdout, console, asked)


def test_the_browser_would_tell_us(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(f"<html><body>{HOSTILE}</body></html>")
    seen = browse(page)
    assert any("ran" in line for line in seen.console)
    assert any("127.0.0.1:9/seen" in url for url in seen.requests)


def test_the_page_draws_says_nothing_and_asks_nobody(tmp_path: Path) -> None:
    outcomes = {"sample__lru-1": "applies", "sample__slug-1": "does_not_apply", HOSTILE: "infrastructure"}
    patch = f"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-old\n+{HOSTILE}\n"
    folders = [
        write_run(
            tmp_path / str(place), outcomes, lane=f"x/{HOSTILE}{place}", answer=HOSTILE, patch=patch,
            detail=HOSTILE, resolved=["sample__lru-1"],
        )
        for place in range(2)
    ]  # fmt: skip
    page = tmp_path / "report.html"
    page.write_text(render(report_on(folders), "html"))
    seen = browse(page)
    assert (seen.console, seen.requests) == ([], [])
    for chart in ("outcomes", "cost", "latency"):
        drawn = seen.dom.partition(f'<figure id="{chart}"')[2].partition("</figure>")[0]
        assert "<svg" in drawn
        assert re.search(r"<(rect|path|circle) [^>]*class=\"[^\"]*reactive", drawn), chart
    assert seen.dom.count("<svg") == 3
    assert seen.dom.count("<details") > 6
