"""Findings that do not stop the work. They travel with the results and are shown on the site."""

from dataclasses import dataclass

from runreport.names import Severity

UNREADABLE = "unreadable-log"
"""The code of the error that a log could not be read at all; a run that has it and no points is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Notice:
    """One finding about a log, a run or a setting.

    Attributes:
        severity: info (worth knowing), warning (something was left out or assumed), error (a run is missing).
        code: a short stable kebab-case name of the kind of finding, for example ``cut-line``.
        location: file and position relative to the folder that was read, for example ``a/metrics.csv:17``.
        message: one sentence that says what was found and what was done about it.
        hint: what the user can do; may be empty.
        run_id: the run concerned; empty when it is no single run.
    """

    severity: Severity
    code: str
    location: str
    message: str
    hint: str = ""
    run_id: str = ""
