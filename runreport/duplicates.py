"""Telling about runs that two formats hold."""

from collections.abc import Mapping, Sequence

import numpy as np

from runreport.frames.twins import shapes, twins
from runreport.joining import Joint
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location
from runreport.reading import where
from runreport.store.snapshot import Snapshot

_COLUMNS = ("count", "first", "last", "min", "max")
_NAMED = 5


def same_values(snapshot: Snapshot, runs: Sequence[tuple[Location, Joint]]) -> tuple[Notice, ...]:
    """Return a notice for each set of runs, read by different readers, that hold the same values.

    See :mod:`runreport.frames.twins` for when they do, and for what that means within one experiment.
    """
    places = {joint.run_id: where(root, joint.path) for root, joint in runs}
    readers = {joint.run_id: joint.parts[0].reader_name for _, joint in runs}
    if len(set(readers.values())) < 2:  # noqa: PLR2004 - two readers are what this is about
        return ()
    table = snapshot.table("summary", columns=("run_id", *_COLUMNS), run_ids=frozenset(readers))
    columns = [np.asarray(table.column(name).to_pylist(), dtype=np.float32) for name in _COLUMNS]
    found = shapes([str(run_id) for run_id in table.column("run_id").to_pylist()], columns)
    ordered = {run_id: readers[run_id] for run_id in sorted(readers, key=lambda run_id: (places[run_id], run_id))}
    return tuple(_notice(group, places, readers) for group in twins(found, ordered))


def _notice(group: Sequence[str], places: Mapping[str, str], readers: Mapping[str, str]) -> Notice:
    listed = ", ".join(f"{places[run_id]} ({readers[run_id]})" for run_id in group[:_NAMED])
    more = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
    return Notice(
        severity=Severity.WARNING,
        code="same-values",
        location=places[group[0]],
        message=f"{len(group)} logs hold the same values and are likely one run in several formats: {listed}{more}.",
        hint="Within an experiment only one of them enters a mean; runs.exclude with the name of a reader leaves out the other.",
    )
