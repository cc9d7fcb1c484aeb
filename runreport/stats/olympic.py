"""The olympic mean of MLPerf: time to train without the fastest and the slowest run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import finite_sample
from runreport.stats.types import Refusal
from runreport.stats.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class OlympicMean:
    """A score in the unit of the times; ``used`` of ``started`` runs went into it."""

    score: float
    used: int
    started: int
    not_converged: int


def olympic_mean(
    times: ArrayLike, *, not_converged: int = 0, drop: int = 1, scale: float = 1.0
) -> OlympicMean | Refusal:
    """Return the mean of the times to train, float64 [n], without the ``drop`` fastest and slowest runs.

    ``times`` are those of the runs that reached the target; a run that did not took forever, so it counts among the
    slowest, and more of them than may be dropped make the result invalid. ``scale`` multiplies the score (MLPerf
    scales some benchmarks by the samples their runs needed). Reference: MLCommons training rules, "Benchmark results":
    1 + 1 of 5 or 10 runs are dropped, 4 + 4 of 40.

    Raises:
        ValueError: a time is not finite or below 0, a count is negative, or the scale is not above 0.

    >>> olympic_mean([20.0, 10.0, 30.0, 22.0], not_converged=1)
    OlympicMean(score=24.0, used=3, started=5, not_converged=1)
    """
    ordered = np.sort(finite_sample(times, "times"))
    _check(ordered.size and float(ordered[0]), not_converged, drop, scale)
    started = ordered.size + not_converged
    if not_converged > drop:
        return Refusal(code="too-many-not-converged", words=_too_many(not_converged, drop))
    fewest = 2 * drop + 1
    if started < fewest:
        words = f"The olympic mean needs at least {counted(fewest, 'run')}."
        return Refusal(code="too-few-runs", words=words)
    used = ordered[drop : started - drop]
    return OlympicMean(score=float(used.mean()) * scale, used=used.size, started=started, not_converged=not_converged)


def _too_many(not_converged: int, drop: int) -> str:
    allowed = "none" if drop == 0 else f"at most {drop}"
    return f"{counted(not_converged, 'run')} did not reach the target; {allowed} may be dropped. The result is invalid."


def _check(fastest: float, not_converged: int, drop: int, scale: float) -> None:
    if fastest < 0:
        message = f"a time cannot be below 0, like {fastest}"
        raise ValueError(message)
    if min(not_converged, drop) < 0:
        message = f"{not_converged} runs that did not converge and {drop} to drop cannot both be counts"
        raise ValueError(message)
    if not 0 < scale < np.inf:
        message = f"the scale must be above 0, not {scale}"
        raise ValueError(message)
