"""One tree of errors. Each is a sentence, a hint and an exit code of its own."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar, Self

_LISTED = 8


class RunreportError(Exception):
    """Something the user can act on.

    Attributes:
        sentence: what went wrong, in one sentence.
        hint: what to do about it; empty when there is nothing useful to say.
        exit_code: the exit status of the command line, distinct for each class.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        """Keep the sentence and its hint."""
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class UsageError(RunreportError):
    """A command-line value that cannot be used."""

    exit_code = 2


class NoRunsError(RunreportError):
    """Nothing that looks like a run log was found."""

    exit_code = 3


class ConfigError(RunreportError):
    """runreport.toml or an environment variable is wrong; all problems are reported at once."""

    exit_code = 4

    def __init__(self, sentence: str, *, problems: tuple[str, ...] = (), hint: str = "") -> None:
        """Keep every problem found, one line each."""
        super().__init__(sentence, hint=hint)
        self.problems = problems


class StoreError(RunreportError):
    """The store is missing, damaged or cannot be written."""

    exit_code = 5


class StoreVersionError(StoreError):
    """The store was written by a newer version."""

    exit_code = 6


class OutputError(RunreportError):
    """The output folder cannot be written, or is not ours to replace."""

    exit_code = 7


class UnknownNameError(RunreportError):
    """A metric, group, run, experiment, reader, table or theme of that name does not exist."""

    exit_code = 8

    @classmethod
    def near(cls, kind: str, wanted: str, known: Iterable[str]) -> Self:
        """Return the error for ``wanted``, with the nearest known names as its hint."""
        names = sorted(set(known))
        similar = get_close_matches(wanted, names, n=3, cutoff=0.4)
        listed = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
        hint = f"Did you mean {' or '.join(similar)}?" if similar else f"There are: {listed}." if names else ""
        return cls(f"There is no {kind} {wanted!r}.", hint=hint)


class QueryError(RunreportError):
    """A ``--where`` expression does not parse; the hint points at the column."""

    exit_code = 9


class SiteCheckError(RunreportError):
    """The finished pages failed their own check; the old site was kept."""

    exit_code = 10


class StrictError(RunreportError):
    """Notices were found and ``--strict`` was given."""

    exit_code = 11


class ThemeError(RunreportError):
    """A theme is missing a file or breaks its contract."""

    exit_code = 12


class ServerError(RunreportError):
    """A server cannot be reached, refuses, or answers with what cannot be used; what was read before is kept."""

    exit_code = 14


class ReadError(RunreportError):
    """A log was found but could not be opened at all; during ingest this becomes a notice."""

    exit_code = 13
