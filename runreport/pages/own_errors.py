"""The standard error that a log gives for a value of a single run, shown beside that value."""

import math

from runreport.compare.entities import MetricDefinition
from runreport.pages import numbers
from runreport.pages.dossier import Dossier

OWN_ERROR = (
    "± is the run's own standard error over its test examples, as logged; what another seed would change is not in it."
)


def own_error(dossier: Dossier, metric: MetricDefinition, run_id: str, value: float | None) -> str:
    """Return ``± 0.012`` for the last value of a metric in a run; empty where the log gives no error at that step.

    A value that is not the last one (a best over steps) has no error of its own.
    """
    columns, errors = dossier.frame.metrics.get(metric.metric), dossier.frame.metrics.get(metric.error_metric)
    row = dossier.positions.get(run_id)
    if columns is None or errors is None or row is None or value != columns.last[row]:
        return ""
    error = float(errors.last[row])
    if (
        not errors.count[row]
        or errors.last_step[row] != columns.last_step[row]
        or not math.isfinite(error)
        or error < 0
    ):
        return ""
    return numbers.spread_text(error, numbers.places_for_spread([error], [value]))
