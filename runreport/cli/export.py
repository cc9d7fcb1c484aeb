"""``runreport export``: a table of the store as a file."""

from pathlib import Path
from typing import Annotated

import typer

from runreport.cli.parameters import Config, FileFormat, Store, Where


def command(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="runs, params, metrics, summary, tags, ...")],
    *,
    where: Where = "",
    format_: Annotated[FileFormat, typer.Option("--format", help="How to write.")] = FileFormat.CSV,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write.", show_default="standard output")
    ] = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Write a table of the store as CSV, JSON or Parquet."""
    from runreport import pipeline
    from runreport.cli.output import write_bytes
    from runreport.reporters.arrow import arrow_bytes

    settings = pipeline.settings_for_store(store, config)
    write_bytes(arrow_bytes(pipeline.export(table, settings, where=where), format_.value), out)
