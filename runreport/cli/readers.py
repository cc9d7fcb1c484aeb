"""``runreport readers``: which formats are read, and who reads what."""

from typing import Annotated

import typer

from runreport.cli.output import print_status, print_table
from runreport.cli.parameters import Config


def command(
    *,
    explain: Annotated[
        str | None, typer.Option(metavar="PATH", help="Say which reader takes what in this folder, and why.")
    ] = None,
    config: Config = None,
) -> None:
    """List the log readers.

    With --explain: which of them reads what in a folder, and why.
    """
    from runreport.config.load import load_settings
    from runreport.readers import registry
    from runreport.reporters.tables import Table

    installed = registry.readers()
    for notice in installed.notices:
        print_status(f"{notice.severity}: {notice.message}")
    if explain is None:
        listed = tuple((reader.name, line) for reader in installed.readers for line in reader.formats)
        print_table(Table(columns=("reader", "reads"), rows=listed), "table")
        return
    findings = registry.find((explain,), installed.readers, rules=load_settings(config).sources)
    lines = registry.explain(findings)
    if not lines:
        raise registry.no_runs((explain,))
    columns = ("place", "reader", "certainty", "why", "outcome")
    rows = tuple(
        (line.place, line.reader_name or None, line.certainty or None, line.reason, line.outcome) for line in lines
    )
    print_table(Table(columns=columns, rows=rows), "table")
    for notice in findings.notices:
        print_status(f"{notice.severity}: {notice.location}: {notice.message}")
