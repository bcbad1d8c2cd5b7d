"""The official harness's own subcommands, passed on to it as they are."""

from __future__ import annotations

import os

import click


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

        command = forward_command([str(self.name), *ctx.args])
        os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell


def _forwarding(name: str) -> Forwarded:
    return Forwarded(name, help=f"The official harness's `swebench {name}`; all arguments are passed on.")


evaluate = _forwarding("eval")
report = _forwarding("report")
images = _forwarding("images")
dataset = _forwarding("dataset")
infer = _forwarding("infer")
submit = _forwarding("submit")
