"""`swebench version`."""

from __future__ import annotations

import platform

import click

from swebench_runner import __version__


@click.command()
def version() -> None:
    """Print the versions of this program and of Python."""
    click.echo(f"swebench-runner {__version__} (Python {platform.python_version()})")
