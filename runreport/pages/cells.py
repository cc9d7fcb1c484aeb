"""Cells, columns and rows: how values of each kind are put into tables."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from runreport.compare.words import format_p
from runreport.names import RunStatus, Severity, Verdict
from runreport.pages import numbers
from runreport.pages.parts import Cell, Column, Row, Table, Tone
from runreport.pages.terms import explanation_url

_NAME_LENGTH = 90
_VALUE_LENGTH = 120

_VERDICT_TONES = {Verdict.BETTER: Tone.BETTER, Verdict.WORSE: Tone.WORSE, Verdict.CANNOT_TELL: Tone.CAUTION}
_STATUS_TONES = {
    RunStatus.FAILED: Tone.ERROR,
    RunStatus.KILLED: Tone.ERROR,
    RunStatus.RUNNING: Tone.CAUTION,
    RunStatus.UNKNOWN: Tone.MUTED,
}
_SEVERITY_TONES = {Severity.ERROR: Tone.ERROR, Severity.WARNING: Tone.CAUTION, Severity.INFO: Tone.MUTED}


def shortened(text: str, length: int) -> str:
    """Return a text of at most ``length`` characters, cut in the middle.

    >>> shortened("abcdefghij", 7)
    'abc…hij'
    """
    if len(text) <= length:
        return text
    head = (length - 1 + 1) // 2
    tail = length - 1 - head
    return f"{text[:head]}…{text[len(text) - tail :]}"


def name(text: str) -> str:
    """Return a name from a log as it is shown in titles and links: never empty, never endless."""
    return shortened(text, _NAME_LENGTH) if text.strip() else "(no name)"


def text_cell(text: str | None, *, note: str = "", tone: Tone = Tone.PLAIN) -> Cell:
    """Return words; None becomes a dash."""
    if text is None or text == "":
        return Cell(text=numbers.MISSING, note=note, tone=Tone.MUTED)
    short = shortened(text, _VALUE_LENGTH)
    return Cell(text=short, full=text if short != text else "", note=note, tone=tone)


def code_cell(text: str | None, *, note: str = "") -> Cell:
    """Return a literal from a log; None is missing, an empty text is shown as such."""
    if text is None:
        return Cell(text="missing", note=note, tone=Tone.MUTED)
    if not text.strip():
        return Cell(text="(empty)", note=note, tone=Tone.MUTED)
    short = shortened(text, _VALUE_LENGTH)
    return Cell(text=short, full=text if short != text else "", note=note, is_code=True)


def link_cell(text: str, url: str, *, note: str = "", tone: Tone = Tone.PLAIN) -> Cell:
    """Return a name that leads to its page, if there is one."""
    return Cell(text=name(text), url=url, note=note, tone=tone)


def number_cell(
    value: float | None, places: int | None = None, *, note: str = "", sign: bool = False, tone: Tone = Tone.PLAIN
) -> Cell:
    """Return a number; what is missing or not finite is quiet but shown."""
    if value is None:
        return Cell(text=numbers.MISSING, note=note, tone=Tone.MUTED)
    is_finite = value - value == 0
    return Cell(
        text=numbers.number(value, places, sign=sign),
        note=note,
        tone=tone if is_finite else Tone.CAUTION,
        sort=value if is_finite else None,
    )


def number_cells(values: Sequence[float | None]) -> tuple[Cell, ...]:
    """Return a column of numbers with the same decimals."""
    places = numbers.places_for(values)
    return tuple(number_cell(value, places) for value in values)


def p_cell(p: float | None) -> Cell:
    """Return a p-value, or a dash where no test was made."""
    return text_cell(None) if p is None else Cell(text=format_p(p).removeprefix("= "), sort=p)


def count_cell(count: int, *, note: str = "") -> Cell:
    """Return a count; zero is quiet."""
    return Cell(text=numbers.number(count, 0), sort=float(count), note=note, tone=Tone.PLAIN if count else Tone.MUTED)


def status_cell(status: RunStatus, *, exclusion: str = "") -> Cell:
    """Return what became of a run, and why it was left out if it was."""
    return Cell(text=status.value, tone=status_tone(status), note=f"excluded: {exclusion}" if exclusion else "")


def status_tone(status: RunStatus) -> Tone:
    """Return what a status means."""
    return _STATUS_TONES.get(status, Tone.PLAIN)


def verdict_cell(verdict: Verdict) -> Cell:
    """Return a verdict in its word."""
    return Cell(text=verdict.value, tone=verdict_tone(verdict))


def verdict_tone(verdict: Verdict) -> Tone:
    """Return what a verdict means; only better and worse are judgements."""
    return _VERDICT_TONES.get(verdict, Tone.PLAIN)


def severity_tone(severity: Severity) -> Tone:
    """Return what a severity means."""
    return _SEVERITY_TONES[severity]


def columns(*labels: str, numbers_from: int | None = None) -> tuple[Column, ...]:
    """Return columns by their labels; those from position ``numbers_from`` hold numbers."""
    first_number = len(labels) if numbers_from is None else numbers_from
    return tuple(
        Column(key=label.casefold().replace(" ", "-"), label=label, is_number=position >= first_number)
        for position, label in enumerate(labels)
    )


def table(
    table_id: str, caption: str, heads: tuple[Column, ...], rows: Iterable[Row | tuple[Cell, ...]], *, note: str = ""
) -> Table | None:
    """Return a table whose heads lead to their explanations, or None when it would have no rows."""
    whole = tuple(row if isinstance(row, Row) else Row(cells=row) for row in rows)
    if not whole:
        return None
    explained = tuple(replace(head, help=explanation_url(head.key)) for head in heads)
    return Table(table_id=table_id, caption=caption, columns=explained, rows=whole, note=note)
