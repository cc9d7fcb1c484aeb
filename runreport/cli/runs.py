"""``runreport runs``: the table of runs."""

from typing import Annotated

import typer

from runreport.cli.output import print_table
from runreport.cli.parameters import Config, Store, TableFormat, Where


def command(
    *,
    where: Where = "",
    sort: Annotated[
        str, typer.Option(metavar="KEY", help="Column to sort by; with a minus in front: largest first.")
    ] = "",
    columns: Annotated[
        str, typer.Option(metavar="K,K", help="Columns: name, group, status, params.X, tags.X, metrics.X.min, ...")
    ] = "",
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="At most this many rows; 0: all.")] = 0,
    format_: Annotated[TableFormat, typer.Option("--format", help="How to print.")] = TableFormat.TABLE,
    store: Store = None,
    config: Config = None,
) -> None:
    """List the runs in the store."""
    from runreport import pipeline
    from runreport.reporters.runs import runs_table
    from runreport.reporters.tables import Table

    study = pipeline.open_study(pipeline.settings_for_store(store, config))
    rows = pipeline.matching_runs(study.frames, where)
    names = tuple(name.strip() for name in columns.split(",") if name.strip())
    table = runs_table(study.frames, rows, study.settings, columns=names, sort=sort)
    shown = table.rows[:limit] if limit else table.rows
    print_table(Table(columns=table.columns, rows=shown), format_, left_out=len(table.rows) - len(shown))
