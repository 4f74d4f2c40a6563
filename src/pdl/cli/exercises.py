"""The command ``pdl exercises``."""

from __future__ import annotations

import typer


def exercises(
    chapter: str = typer.Argument("", help="A chapter's word, for instance convolution."),
) -> None:
    """Show which exercises are solved."""
    from pdl.exercises.checking.show import show

    try:
        show(chapter)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
