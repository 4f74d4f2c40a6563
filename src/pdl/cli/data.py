"""The commands ``pdl data list``, ``fetch``, ``verify`` and ``prepare``."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pdl.data.store.registry import DataSet

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Get, check and make the real data sets. None of them is needed to read the book.",
)

Into = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="Put the set's folder into this folder, instead of into the cache."
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace what is there already.")]


@contextmanager
def _said() -> Iterator[None]:
    """Turn an error in the data or of the disk into a sentence and exit status 1."""
    from pdl.data.errors import DataError

    try:
        yield
    except DataError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:  # of `pdl data list | head`: Typer ends the command in silence
        raise
    except OSError as error:
        typer.echo(f"Error: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let ``kill`` end the command as Ctrl-C does: half a data set is removed on the way out."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _nothing_given(names: list[str]) -> None:
    if not names:
        raise typer.BadParameter("name one or more data sets: `pdl data list` shows them")


@app.command("list")
def list_sets(
    name: Annotated[str, typer.Argument(help="A set to be shown in full; all in short.")] = "",
) -> None:
    """Show the data sets: what they are, their licence, and where they are on this machine."""
    with _said():
        from pdl.data.errors import DataError
        from pdl.data.store.cache import cache_folder, given_folder, locate
        from pdl.data.store.registry import data_set, data_sets
        from pdl.data.store.verify import missing_files

        if name:
            _show(data_set(name))
            return
        for each in data_sets().values():
            here = locate(each.name)
            typer.echo(f"{each.name}: {each.what}")
            typer.echo(f"  licence: {each.licence}")
            if here is None:
                typer.echo(f"  not here; pdl data {each.way} {each.name}")
                continue
            try:
                missing = len(missing_files(each, here))
                trouble = f", not whole: {missing} files are missing" if missing else ""
            except DataError as error:
                trouble = f", not whole: {error}"
            typer.echo(f"  {here}{trouble}")
        typer.echo("")
        typer.echo(f"PDL_DATA_DIR, looked at first: {given_folder() or 'not set'}")
        typer.echo(f"Fetched and prepared sets go to: {cache_folder()}")


def _show(each: DataSet) -> None:
    """Print all that the registry says of a set."""
    from pdl.data.store.cache import locate

    typer.echo(f"{each.name}: {each.what}")
    facts = {
        "licence": each.licence,
        "source": each.source,
        "cite": each.cite,
        "here": str(locate(each.name) or "no"),
        "get it": f"pdl data {each.way} {each.name}" + (" SOURCE" if each.way == "prepare" else ""),
        "prepare from": each.prepare_from,
        "SHA-256 of its list of files": each.manifest_sha256 or "",
    }
    for key, value in facts.items():
        if value:
            typer.echo(f"  {key}: {value}")
    for file in each.files:
        size = "size not recorded" if file.size is None else f"{file.size} bytes"
        of = ", decompressed" if file.sha256_of == "decompressed" else ""
        md5 = f", MD5 {file.md5}" if file.md5 else ""
        typer.echo(f"  file {file.path}: {size}{of}, SHA-256 {file.sha256 or 'not recorded'}{md5}")
        for url in file.urls:
            typer.echo(f"    {url}")
    if each.archive is not None:
        varies = "varies, as it is packed on demand; each file in it is checked"
        typer.echo(f"  archive: SHA-256 {each.archive.sha256 or varies}")
        for url in each.archive.urls:
            typer.echo(f"    {url}")


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="The sets.")] = None,
    into: Into = None,
    replace: Replace = False,
) -> None:
    """Download data sets, check their SHA-256, and put them into place whole or not at all."""
    _nothing_given(names or [])
    with _said(), _ended_in_order():
        from pdl.data.store.fetch import fetch as fetch_set

        for name in names or []:
            with _progress() as new_progress:
                folder = fetch_set(
                    name, into, replace=replace, say=typer.echo, progress=new_progress
                )
            typer.echo(f"{name}: {folder}")


@contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[int, int | None], None]]]:
    """Show a bar for each file, on a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), DownloadColumn()]
    columns += [TransferSpeedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:

        def new(name: str) -> Callable[[int, int | None], None]:
            task = shown.add_task(name, total=None)
            return lambda done, total: shown.update(task, completed=done, total=total)

        yield new


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="The sets; all that are here if none is named.")
    ] = None,
) -> None:
    """Compare each file's SHA-256 with the one recorded, and name the files that differ."""
    with _said():
        from pdl.data.store.cache import find_set, locate
        from pdl.data.store.registry import data_set, data_sets
        from pdl.data.store.verify import verify as verify_set

        wanted = names or [name for name in data_sets() if locate(name)]
        if not wanted:
            typer.echo("no data set is on this machine: nothing to verify")
        reports = [verify_set(data_set(name).name, find_set(name)) for name in wanted]
        for report in reports:
            typer.echo(str(report))
        if any(report.lines for report in reports):
            raise typer.Exit(1)


@app.command()
def prepare(
    name: Annotated[str, typer.Argument(help="The set.")],
    source: Annotated[str, typer.Argument(help="The folder or archive as distributed.")],
    into: Into = None,
    replace: Replace = False,
    skip_damaged: Annotated[
        bool, typer.Option("--skip-damaged", help="Leave out damaged images, and list them.")
    ] = False,
) -> None:
    """Make a data set from what its distributor gives you: some want an account, or a promise."""
    with _said(), _ended_in_order():
        from pdl.data.store.prepare import prepare as prepare_set

        prepare_set(name, source, into, replace=replace, skip_damaged=skip_damaged, say=typer.echo)
