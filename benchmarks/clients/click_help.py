"""The least that a command line with click can do: a group, a command, `--help`."""

import click


@click.group()
def main() -> None:
    """Nothing but help."""


@main.command()
@click.option("--provider", help="Whom to ask.")
@click.option("--model", help="Which model.")
def generate(provider: str, model: str) -> None:
    """Answer."""


if __name__ == "__main__":
    main()
