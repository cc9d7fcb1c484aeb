"""What is to be said about a run, gathered while it is read."""

from collections.abc import Iterable

from runreport.names import Severity
from runreport.notices import Notice

_NAMED = 5


class Notes:
    """Notices on one run; without another place they are about its folder."""

    def __init__(self, place: str) -> None:
        self.found: list[Notice] = []
        self._place = place or "."

    def add(self, code: str, message: str, *, place: str = "", severity: Severity = Severity.WARNING) -> None:
        """Add a warning, or a finding of another severity."""
        self.found.append(Notice(severity=severity, code=code, location=place or self._place, message=message))

    def info(self, code: str, message: str, *, place: str = "") -> None:
        """Add what is worth knowing."""
        self.add(code, message, place=place, severity=Severity.INFO)


def listed(names: Iterable[str]) -> str:
    """Return some names for a sentence: the first five, and how many more there are.

    >>> listed("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    every = list(names)
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {more} more" if more > 0 else "")
