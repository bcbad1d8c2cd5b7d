"""`swebench init`, `swebench provider init` and `swebench provider remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Every step of the wizard as an option, so that no terminal is needed."""
    steps = (
        click.option("--base-url", metavar="URL", help="The address, where it is not the usual one."),
        click.option("--api-key-stdin", is_flag=True, help="Read the key from standard input."),
        click.option("-m", "--model", metavar="NAME", help="The model to ask when none is named."),
        click.option("--no-test", is_flag=True, help="Do not ask the model a tiny question."),
        click.option(
            "--default/--no-default", default=None, help="Whether it is asked when no provider is named."
        ),
        click.option("-y", "--yes", is_flag=True, help="Ask nothing; take what is given and the usual."),
    )
    for step in reversed(steps):
        command = step(command)
    return command


@click.command()
@click.option("-p", "--provider", metavar="NAME", help="The provider; asked for if left out.")
@_options
def init(*, provider: str | None, default: bool | None, **steps: Any) -> None:  # noqa: ANN401 - the options above
    """Get ready in one go: choose a provider, give a key, choose a model, test it, save.

    A key is kept in the keyring of this machine or, where there is none, in a file that only you can read.
    One that stands in the environment stays there.
    """
    from swebench_runner.cli.init_wizard import Wishes, set_up  # noqa: PLC0415 - `--help` must not pay for it

    set_up(provider, Wishes(default=default is not False, **steps))
    click.echo("Next: swebench generate", err=True)


@click.command("init")
@click.argument("name")
@_options
def init_provider(name: str, *, default: bool | None, **steps: Any) -> None:  # noqa: ANN401 - as above
    """Set up the provider NAME: address, key, model, test, save.

    The first one that is set up is asked when none is named.
    """
    from swebench_runner.cli.init_wizard import Wishes, set_up  # noqa: PLC0415 - as above

    set_up(name, Wishes(default=default, **steps))


@click.command()
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def remove(name: str, *, yes: bool) -> None:
    """Forget the stored key, the settings and the known models of the provider NAME."""
    import sys  # noqa: PLC0415 - as above

    from swebench_runner.providers import ConfigurationError  # noqa: PLC0415 - as above
    from swebench_runner.providers.settings.edit import forget  # noqa: PLC0415 - as above

    if not yes and sys.stdin.isatty():
        click.confirm(f"Forget the key, the settings and the models of {name}?", abort=True, err=True)
    found = forget(name)
    if not found:
        raise ConfigurationError(
            f"nothing is stored for {name!r}", hint="`swebench config show` lists what is set"
        )
    for place in found:
        click.echo(f"{name}: taken out of {place}" if "/" in place else f"{name}: {place} removed", err=True)
