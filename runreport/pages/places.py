"""Which runs have a page of their own when there are more than the limit."""

from collections.abc import Sequence

from runreport.compare.comparison import Analysis, ExperimentAnalysis
from runreport.frames.values import ExperimentFrame
from runreport.names import RunStatus
from runreport.pages.urls import RunPlaces

_LAST = 5


def run_places(analysis: Analysis, frames: Sequence[ExperimentFrame], *, limit: int) -> RunPlaces:
    """Return the addresses of at most ``limit`` run pages.

    Runs of compared groups come first, then those that failed, the best of a sweep, those with a notice, the rest.
    """
    runs = [facts.run for frame in frames for facts in frame.runs]
    if len(runs) <= limit:
        return RunPlaces.of((run.run_id, run.name) for run in runs)
    ranks = _compared(analysis.experiments)
    noticed = {notice.run_id for notice in analysis.notices}
    failed = {run.run_id for run in runs if run.status in {RunStatus.FAILED, RunStatus.KILLED}}

    def importance(run_id: str) -> int:
        if run_id in ranks:
            return ranks[run_id]
        return 1 if run_id in failed else 3 if run_id in noticed else _LAST

    chosen = sorted(runs, key=lambda run: importance(run.run_id))[:limit]
    return RunPlaces.of((run.run_id, run.name) for run in chosen)


def _compared(experiments: Sequence[ExperimentAnalysis]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for experiment in experiments:
        for comparison in experiment.comparisons:
            ranks |= dict.fromkeys((*comparison.candidate.run_ids, *comparison.baseline.run_ids), 0)
        rows = experiment.sweep.rows[:10] if experiment.sweep else ()
        ranks |= {row.run_id: 2 for row in rows if row.run_id not in ranks}
    return ranks
