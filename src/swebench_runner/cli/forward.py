"""The official harness's own subcommands, passed on to it as they are."""

from __future__ import annotations

import os
from typing import Final

import click

WHOLE: Final = "harness"
"""`swebench harness …`: any command of the harness, those whose names are ours, too."""


class Forwarded(click.Command):
    """A command that becomes the harness's command of the same name, its `--help` included."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave everything as it was typed: a parser would swallow the `--`."""
        ctx.args = list(args)
        return ctx.args

    def invoke(self, ctx: click.Context) -> None:
        """Replace this process by the harness.

        Raises:
            HarnessNotInstalledError: With the command that installs it.
        """
        from swebench_runner.generation.evaluation.harness import forward_command  # noqa: PLC0415 - needed when it runs

        own = () if self.name == WHOLE else (str(self.name),)
        command = forward_command([*own, *ctx.args])
        os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell


def _forwarding(name: str) -> Forwarded:
    return Forwarded(name, help=f"The official harness's `swebench {name}`; all arguments are passed on.")


evaluate = _forwarding("eval")
images = _forwarding("images")
dataset = _forwarding("dataset")
infer = _forwarding("infer")
submit = _forwarding("submit")
harness = Forwarded(
    WHOLE,
    help="Any command of the official harness: `swebench harness report …`; all arguments are passed on.",
)
