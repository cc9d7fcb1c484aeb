"""Words that the notices of several readers share."""

from collections.abc import Sequence

from runreport.names import RunStatus, Severity
from runreport.notices import Notice

_NAMED = 3
NO_END = "The log does not say that the run ended: it is still going on, or it was killed. It enters no mean."


def counted_names(names: Sequence[str], what: str) -> str:
    """Return how many there are and the first names, with the verb.

    >>> counted_names(["a", "b"], "folder")
    '2 folders (a, b) were'
    """
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return f"1 {what} ({shown}) was" if len(names) == 1 else f"{len(names)} {what}s ({shown}) were"


def no_end(status: RunStatus, place: str) -> list[Notice]:
    """Return the notice of a run whose tool logs how runs end, and has not: its status is RUNNING then."""
    is_open = status is RunStatus.RUNNING
    return [Notice(severity=Severity.INFO, code="no-end", location=place or ".", message=NO_END)] if is_open else []
