"""The scores of runs on single test examples, where two runs can be compared example by example."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from runreport.frames.values import ExperimentFrame, RunExamples, RunFacts
from runreport.names import COMPARABLE_STATUSES, Severity, natural_key
from runreport.notices import Notice
from runreport.store.points import ranks
from runreport.store.snapshot import Snapshot

MOST_EXAMPLES = 1_000_000
"""How many scores of one experiment are held, 16 MB; beyond it none are."""

READERS_OF_EXAMPLES = frozenset({"lm_eval"})
"""Readers whose samples are named by what was tested: ``doc_id`` is the same document in every run on a task."""

_COLUMNS = ("metric", "step", "sample", "value")


def with_examples(snapshot: Snapshot, frame: ExperimentFrame, *, limit: int = MOST_EXAMPLES) -> ExperimentFrame:
    """Return an experiment with the scores of its comparable runs on single test examples.

    Only samples that are test examples are loaded, see :data:`READERS_OF_EXAMPLES`. Evaluation episodes and rounds of a
    benchmark are named by mere counters: episode 3 of one run has nothing to do with episode 3 of another, so they
    cannot be paired. Of each metric of a run, only the last step counts. One run is in memory at a time beside what is
    kept; an experiment with more than ``limit`` scores gets none, and a notice says so.

    Raises:
        StoreError: a file of the store is missing or damaged.
    """
    numbers: dict[str, int] = {}
    found: dict[str, list[RunExamples]] = {}
    total = 0
    for row, facts in enumerate(frame.runs):
        for metric, examples in _of_run(snapshot, facts, row, numbers) if _is_wanted(facts) else ():
            found.setdefault(metric, []).append(examples)
            total += len(examples.scores)
        if total > limit:
            return replace(frame, notices=(*frame.notices, _too_many(frame.experiment, limit)))
    return replace(frame, examples=_natural(found))


def _is_wanted(facts: RunFacts) -> bool:
    run = facts.run
    return run.reader in READERS_OF_EXAMPLES and run.status in COMPARABLE_STATUSES and not facts.is_excluded


def _of_run(
    snapshot: Snapshot, facts: RunFacts, row: int, numbers: dict[str, int]
) -> Iterator[tuple[str, RunExamples]]:
    """Yield each metric with its scores at the last step; ``numbers`` gets the names that are new."""
    table = snapshot.table("samples", columns=_COLUMNS, run_ids=[facts.run.run_id])
    for metric in sorted(set(map(str, pc.unique(table.column("metric")).to_pylist()))):
        own = table.filter(pc.equal(table.column("metric"), pa.scalar(metric)))
        last = own.filter(pc.equal(own.column("step"), pc.max(own.column("step"))))
        codes, names = ranks(last.column("sample").dictionary_encode())
        known = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
        yield metric, RunExamples(row=row, examples=known[codes], scores=last.column("value").to_numpy())


def _too_many(experiment: str, limit: int) -> Notice:
    return Notice(
        severity=Severity.WARNING,
        code="too-many-examples",
        location=experiment,
        message=f"{experiment!r} holds more than {limit:,} scores of single test examples, so none are compared.",
        hint="Leave out runs (runs.exclude), or build a report of fewer folders.",
    )


def _natural(found: Mapping[str, list[RunExamples]]) -> dict[str, tuple[RunExamples, ...]]:
    return {name: tuple(found[name]) for name in sorted(found, key=lambda name: (natural_key(name), name))}
