"""One table of DVCLive: tab-separated ``step`` and value, with a time in milliseconds in front when that was asked."""

from datetime import datetime

from runreport.errors import ReadError
from runreport.formats.documents import number
from runreport.formats.lines import Line, lines
from runreport.formats.times import moment
from runreport.readers.base import Location
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers.common import Findings

_STEP, _TIME = "step", "timestamp"
_MILLISECONDS = 1_000


def read_table(location: Location, file: str, metric: str, points: RunPoints, findings: Findings) -> None:
    """Add the points of a table; the metric is named by the path of its file, of which the column has the last part.

    Rows that hold no number become one notice. A last row without a line end is kept when it is whole.
    """
    try:
        rows = lines(location.inside(file))
        columns = next(rows, Line(1, "", is_whole=True)).text.split("\t")
        if _STEP not in columns or len(columns) < 2:  # noqa: PLR2004 - a step and a value
            findings.tell("unreadable-file", file, "Its first line does not name a step and a value; it was left out.")
            return
        bad = [row.number for row in rows if not _add_row(row, columns, metric, points)]
    except OSError as problem:
        findings.tell("unreadable-file", file, f"It cannot be read: {problem.strerror}.")
        return
    except ReadError as problem:
        findings.tell("unreadable-file", file, problem.sentence)
        return
    if bad:
        findings.tell("broken-lines", f"{file}:{bad[0]}", f"{len(bad)} rows hold no step and number and were left out.")


def _add_row(row: Line, columns: list[str], metric: str, points: RunPoints) -> bool:
    cells = dict(zip(columns, row.text.split("\t"), strict=False))
    if not row.text.strip() and not row.is_long:
        return True
    value_column = next((name for name in columns if name not in (_STEP, _TIME)), "")
    step, value = _number(cells.get(_STEP)), _number(cells.get(value_column))
    if step is None or value is None or not step.is_integer():
        return False
    points.add(metric, int(step), value, _time(cells.get(_TIME)))
    return True


def _number(cell: str | None) -> float | None:
    """Return what a cell says; DVCLive leaves the numbers to Python's csv module, which writes ``nan`` and ``True``."""
    text = (cell or "").strip()
    if text in ("True", "False"):
        return float(text == "True")
    try:
        return number(text) if (number(text) is not None) else float(text)
    except ValueError:
        return None


def _time(cell: str | None) -> datetime | None:
    stamp = _number(cell)
    return None if stamp is None else moment(stamp / _MILLISECONDS)
