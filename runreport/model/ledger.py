"""The ledger of an ingest: what was found, and what became of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LedgerRow:
    """What one reader found below one folder that was named; ``logs`` is the sum of the four counts after it.

    Attributes:
        folder: the label of the folder.
        reader: the reader; empty for files that no reader takes.
        files: files that the logs consist of, or that no reader takes.
        logs: logs that were found.
        runs: logs that are a run, alone or as the first of several.
        joined: logs that are part of a run which another log gives its identity.
        repeated: second logs of a run; they were not read.
        unreadable: logs that could not be read; a notice says why.
    """

    folder: str
    reader: str
    files: int
    logs: int = 0
    runs: int = 0
    joined: int = 0
    repeated: int = 0
    unreadable: int = 0
