"""How results, progress and errors reach the terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from runreport.errors import ConfigError, RunreportError


class Report(Protocol):
    """Called by long work: which stage, how much of how much is done."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report progress."""
        ...


def print_text(text: str) -> None:
    """Write text and a newline to standard output."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def print_status(text: str) -> None:
    """Write a line about the work itself to standard error, so that results can be piped."""
    sys.stderr.write(f"{text}\n")


def print_error(error: RunreportError) -> None:
    """Write the sentence, the problems and the hint of an error to standard error."""
    print_status(f"error: {error.sentence}")
    if isinstance(error, ConfigError):
        for problem in error.problems:
            print_status(f"  - {problem}")
    if error.hint:
        print_status(f"hint: {error.hint}")


@contextmanager
def progress_bar() -> Iterator[Report | None]:
    """Give a progress callback when a person is watching, otherwise None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        yield report
