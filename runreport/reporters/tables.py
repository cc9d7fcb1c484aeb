"""A table of results and its forms as CSV, JSON and Markdown."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from runreport import strict_json

Cell = None | bool | int | float | str | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Column names and rows of plain values; None stands for "not there".

    ``numeric`` names columns of formatted numbers; columns of plain numbers are recognised.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[str] = frozenset()


def to_csv(table: Table) -> str:
    """Return RFC 4180 text with a header; what is not there is empty, NaN and Infinity are spelled out."""
    text = io.StringIO()
    usual = csv.writer(text, lineterminator="\n")
    # The usual writer leaves a carriage return bare when it does not end its lines.
    careful = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in (table.columns, *([_plain(cell) for cell in row] for row in table.rows)):
        has_return = any(isinstance(cell, str) and "\r" in cell for cell in row)
        (careful if has_return else usual).writerow(row)
    return text.getvalue()


def to_json(table: Table) -> str:
    """Return a list of objects, one per row, as strict JSON (see :mod:`runreport.strict_json`)."""
    return strict_json.dumps([dict(zip(table.columns, row, strict=True)) for row in table.rows])


def to_markdown(table: Table) -> str:
    """Return a pipe table with numbers aligned right."""
    texts = [[cell_text(cell) for cell in row] for row in table.rows]
    rules = ["---:" if is_numeric(table, index) else "---" for index in range(len(table.columns))]
    lines = [_pipe_row(table.columns), _pipe_row(rules), *(_pipe_row(row) for row in texts)]
    return "\n".join(lines) + "\n"


def is_numeric(table: Table, index: int) -> bool:
    """Say whether a column holds numbers only, plain or formatted."""
    if table.columns[index] in table.numeric:
        return True
    cells = [row[index] for row in table.rows if row[index] is not None]
    return bool(cells) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)


def cell_text(cell: Cell) -> str:
    """Return a cell for people: floats with six significant digits, times to the second, nothing as a dash."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.6g}"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return str(cell)


def _plain(cell: Cell) -> str | int | float | None:
    if isinstance(cell, float):
        return strict_json.special_name(cell) or repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat()
    return str(cell).lower() if isinstance(cell, bool) else cell


def _pipe_row(cells: Sequence[str]) -> str:
    one_line = (" ".join(cell.splitlines()) for cell in cells)
    escaped = (cell.replace("\\", "\\\\").replace("|", "\\|") for cell in one_line)
    return f"| {' | '.join(escaped)} |"
