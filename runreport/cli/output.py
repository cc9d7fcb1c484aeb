"""How results, progress and errors reach the terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from runreport.errors import ConfigError, OutputError, RunreportError

if TYPE_CHECKING:  # these load pyarrow and scipy, which --help must not wait for
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from runreport.compare.comparison import Comparison
    from runreport.reporters.tables import Cell, Table
    from runreport.strict_json import Json

_PIPED_WIDTH = 240


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
        print_status("hint: " + error.hint.replace("\n", "\n      "))  # the mark of a place stays below its text


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


def print_table(table: Table, form: str, *, left_out: int = 0) -> None:
    """Print a table in the form asked for; ``left_out`` rows are mentioned on standard error."""
    from runreport.reporters.tables import to_csv, to_json, to_markdown

    match form:
        case "csv":
            print_text(to_csv(table))
        case "json":
            print_text(to_json(table))
        case "md":
            print_text(to_markdown(table))
        case _:
            _print_rich(table)
    if left_out:
        print_status(f"{left_out} more; use --limit 0 to see all.")


def print_detail(detail: Mapping[str, object], form: str) -> None:
    """Print nested facts as JSON, or as one table of names and values."""
    from runreport import strict_json
    from runreport.reporters.tables import Table

    if form == "json":
        print_text(strict_json.dumps(detail))
        return
    rows = tuple(_flat_rows(strict_json.to_json(detail), ""))
    print_table(Table(columns=("fact", "value"), rows=rows), form)


def print_comparisons(comparisons: Sequence[Comparison], metrics: Sequence[str], form: str) -> None:
    """Print comparisons: a list as JSON, or a headed table for each."""
    from runreport import strict_json
    from runreport.reporters.contrasts import contrast_table, plan_sentences, public_comparison

    if form == "json":
        print_text(strict_json.dumps([public_comparison(one, metrics) for one in comparisons]))
        return
    for one in comparisons:
        heading = f"{one.candidate.name} against {one.baseline.name} ({one.experiment})"
        print_text(f"## {heading}\n\n" if form == "md" else heading)
        print_table(contrast_table(one, metrics), form)
        for sentence in (*plan_sentences(one, metrics), *(confound.sentence for confound in one.confounds)):
            print_text(f"- {sentence}")
        print_text("")


def write_bytes(data: bytes, file: Path | None) -> None:
    """Write to a file, or to standard output for None.

    Raises:
        OutputError: the file cannot be written.
    """
    if file is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}.") from None


def _print_rich(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    from runreport.reporters.tables import cell_text, is_numeric

    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, name in enumerate(table.columns):
        drawn.add_column(Text(name), justify="right" if is_numeric(table, index) else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(cell_text(cell)) for cell in row))
    # Piped output must not be cut at an invented terminal width.
    Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(drawn)


def _flat_rows(value: Json, name: str) -> Iterator[tuple[str, Cell]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat_rows(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _flat_rows(inner, f"{name}[{index}]")
    else:
        yield name, None if isinstance(value, dict | list) else value
