"""The official harness's own subcommands, passed on to it as they are."""

from __future__ import annotations

import os

import click

_AS_TYPED = {"ignore_unknown_options": True, "help_option_names": []}


def _forwarding(name: str) -> click.Command:
    """A command that becomes the harness's command of the same name, its `--help` included."""

    @click.command(name, context_settings=_AS_TYPED)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        from swebench_runner.generation.harness import forward_command  # noqa: PLC0415 - needed when it runs

        replacement = forward_command([name, *arguments])
        os.execv(replacement[0], replacement)  # noqa: S606 - our own interpreter, no shell

    command.help = f"The official harness's `swebench {name}`; all arguments are passed on."
    return command


evaluate = _forwarding("eval")
report = _forwarding("report")
images = _forwarding("images")
dataset = _forwarding("dataset")
infer = _forwarding("infer")
submit = _forwarding("submit")
