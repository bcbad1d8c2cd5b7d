"""A pull on the screen: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

import click

from swebench_runner.cli.text import one_line
from swebench_runner.providers.builtin.ollama import PullProgress

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from swebench_runner.providers.builtin.ollama import OllamaProvider

EVERY_PERCENT = 10


class Screen(Protocol):
    """Where progress is shown."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def tell(self, step: PullProgress) -> None:
        """Show a step."""
        ...


async def fetch(provider: OllamaProvider, model: str, screen: Screen | None = None) -> PullProgress:
    """Pull a model; the last step.

    Raises:
        ProviderError: It was not fetched.
    """
    last = PullProgress("")
    async with provider:
        with screen or (Bar() if sys.stderr.isatty() else Lines()) as shown:
            async with aclosing(provider.pull(model)) as steps:
                async for last in steps:
                    shown.tell(last)
    return last


class Lines:
    """A line for each new status, and for every tenth of the bytes."""

    def __init__(self) -> None:
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        pass

    def tell(self, step: PullProgress) -> None:
        """Say it, unless it was said."""
        percent = 100 * step.completed_bytes // step.total_bytes if step.total_bytes else 0
        rounded = f" {percent - percent % EVERY_PERCENT} %" if step.total_bytes else ""
        said = f"{one_line(step.status)}{rounded}"
        if said != self._said:
            self._said = said
            click.echo(said, err=True)


class Bar:
    """A bar with bytes, speed and the time that is left."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only when something is drawn
        from rich.progress import (  # noqa: PLC0415 - as above  # fmt: skip
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._bar.stop()

    def tell(self, step: PullProgress) -> None:
        """Move the bar."""
        words = one_line(step.status, width=24)
        self._bar.update(
            self._task, description=words, completed=step.completed_bytes, total=step.total_bytes or None
        )
