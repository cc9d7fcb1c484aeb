"""Everything that was noticed on the way from logs to pages."""

from collections.abc import Iterable, Mapping, Sequence

from runreport.model.ledger import LedgerRow
from runreport.names import Severity
from runreport.notices import Notice
from runreport.pages import cells, urls
from runreport.pages.contexts import NoticesPage
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Cell, Column, Link, Table
from runreport.pages.surroundings import Surroundings
from runreport.stats.words import counted

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
_COUNTS = {
    "files": "Files",
    "logs": "Logs",
    "runs": "Runs",
    "joined": "Joined",
    "repeated": "Repeated",
    "unreadable": "Not readable",
}
_MEANINGS = {
    Severity.ERROR: "a run is missing",
    Severity.WARNING: "something was left out or assumed",
    Severity.INFO: "worth knowing",
}


def notices_page(
    site: Surroundings, dossiers: Sequence[Dossier], notices: Sequence[Notice], ledger: Sequence[LedgerRow]
) -> NoticesPage:
    """Return what was found in the logs, and all notices by severity."""
    title = "Notices"
    homes = {run_id: dossier for dossier in dossiers for run_id in dossier.runs}
    tables = (_severity_table(severity, notices, homes) for severity in _ORDER)
    return NoticesPage(
        frame=site.frame(urls.NOTICES, title, (Link(label="Overview", url=urls.OVERVIEW),)),
        title=title,
        summary=_summary(notices),
        ledger=_ledger_table(ledger),
        tables=tuple(table for table in tables if table is not None),
    )


def notice_table(dossier: Dossier, notices: Iterable[Notice], table_id: str, caption: str) -> Table | None:
    """Return the notices of runs of one experiment."""
    homes = dict.fromkeys(dossier.runs, dossier)
    return _table(table_id, caption, sorted(notices, key=_gravity), homes, is_of_one_run=True)


def _ledger_table(ledger: Sequence[LedgerRow]) -> Table | None:
    heads = (*cells.columns("Folder", "Reader"), *(_count_column(key, label) for key, label in _COUNTS.items()))
    caption = "What was found: logs are runs, joined to a run, repeated or not readable"
    return cells.table("ledger", caption, heads, map(_ledger_row, ledger))


def _count_column(key: str, label: str) -> Column:
    return Column(key=key, label=label, is_number=True)


def _ledger_row(row: LedgerRow) -> tuple[Cell, ...]:
    reader = cells.code_cell(row.reader) if row.reader else cells.text_cell("no reader takes them")
    counts = (cells.count_cell(getattr(row, key)) for key in _COUNTS)
    return (cells.code_cell(row.folder), reader, *counts)


def _gravity(notice: Notice) -> tuple[int, str, str, str]:
    return _ORDER.index(notice.severity), notice.code, notice.location, notice.message


def _severity_table(severity: Severity, notices: Iterable[Notice], homes: Mapping[str, Dossier]) -> Table | None:
    found = sorted((notice for notice in notices if notice.severity is severity), key=_gravity)
    caption = f"{counted(len(found), _NOUNS[severity])}: {_MEANINGS[severity]}"
    return _table(severity.value, caption, found, homes)


def _table(
    table_id: str, caption: str, notices: Iterable[Notice], homes: Mapping[str, Dossier], *, is_of_one_run: bool = False
) -> Table | None:
    heads = cells.columns("Kind", "What", "Where", *(() if is_of_one_run else ("Run",)))
    rows = (_row(notice, homes.get(notice.run_id))[: len(heads)] for notice in notices)
    return cells.table(table_id, caption, heads, rows)


def _row(notice: Notice, home: Dossier | None) -> tuple[Cell, ...]:
    return (
        Cell(text=notice.code, tone=cells.severity_tone(notice.severity)),
        cells.text_cell(notice.message, note=notice.hint),
        cells.code_cell(notice.location) if notice.location else cells.text_cell(None),
        home.run_cell(notice.run_id) if home else cells.text_cell(notice.run_id),
    )


def _summary(notices: Sequence[Notice]) -> str:
    if not notices:
        return (
            "Nothing was noticed while the logs were read. What was assumed or is in no mean is said on the overview."
        )
    counts = ((sum(notice.severity is severity for notice in notices), severity) for severity in _ORDER)
    return f"{', '.join(counted(count, _NOUNS[severity]) for count, severity in counts if count)}."
