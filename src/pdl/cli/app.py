"""The command ``pdl`` as a whole."""

from __future__ import annotations

import typer

from pdl._console import print_whatever_comes
from pdl.cli import data
from pdl.cli.exercises import exercises
from pdl.cli.reproduce import reproduce

app = typer.Typer(
    callback=print_whatever_comes,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Commands that go with the book Proven Deep Learning for Vision.",
)
app.add_typer(data.app, name="data")


@app.command()
def doctor() -> None:
    """Say what this machine has, and what to do about what is missing."""
    from pdl.cli.doctor import report

    raise typer.Exit(report())


app.command()(exercises)
app.command()(reproduce)
