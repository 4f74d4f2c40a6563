"""The command ``pdl``."""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Commands that go with the book Proven Deep Learning for Vision.",
)


@app.command()
def doctor() -> None:
    """Say what this machine has, and what to do about what is missing."""
    from pdl.doctor import report

    raise typer.Exit(report())


@app.command()
def exercises(
    chapter: str = typer.Argument("", help="A chapter's word, for instance convolution."),
) -> None:
    """Show which exercises are solved."""
    from pdl.exercises.show import show

    try:
        show(chapter)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


if __name__ == "__main__":
    app()
