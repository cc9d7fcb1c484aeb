"""``runreport readers``: which formats are read, and who reads what."""

from pathlib import Path
from typing import Annotated

import typer

from runreport.cli.output import print_text


def command(
    *,
    explain: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Say which reader takes what in this folder, and why.")
    ] = None,
) -> None:
    """List the readers, or explain which of them reads what."""
    from runreport import pipeline

    lines = pipeline.explain_readers(explain) if explain is not None else pipeline.describe_readers()
    for line in lines:
        print_text(line)
