"""Command-line parameters that several commands share; their help texts come from the options."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from runreport.config.load import option_help


class TableFormat(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "md"


class ResultFormat(StrEnum):
    """How a result with inner structure is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "md"


class FileFormat(StrEnum):
    """How an exported table is written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


Store = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", help=option_help("store"), show_default=".runreport")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help=option_help("out"), show_default="site")]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file.", show_default="runreport.toml if present"),
]
Jobs = Annotated[int | None, typer.Option("--jobs", metavar="N", min=0, help=option_help("jobs"), show_default="0")]
Where = Annotated[
    str,
    typer.Option("--where", metavar="EXPR", help="""Only runs for which this holds, e.g. 'params.lr < 0.1'."""),
]
LOGS_HELP = "Folders or files with run logs, or the address of a server."
Logs = Annotated[list[str], typer.Argument(metavar="LOGS", help=LOGS_HELP, show_default=False)]
