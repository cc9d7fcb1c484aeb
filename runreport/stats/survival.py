"""How long runs take to reach a threshold when some never do: those are censored, never dropped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from runreport.stats.arrays import Floats, finite_sample
from runreport.stats.tests import positive_p
from runreport.stats.types import Refusal, TestResult

LOG_RANK = "log-rank"

NOTHING_REACHED = Refusal(code="nothing-reached", words="No run reached the threshold, so there is no time to compare.")
NO_CONTRAST = Refusal(
    code="no-contrast", words="No run of both sides was still on its way when another arrived; there is no comparison."
)

Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve:
    """The share of runs still on their way after each time: float64 [times], every time a run arrived or was censored.

    ``at_risk`` and ``arrived`` are int [times].
    """

    time: Floats
    share: Floats
    at_risk: NDArray[np.int64]
    arrived: NDArray[np.int64]

    @property
    def median(self) -> float | None:
        """The first time at which half of the runs or more have arrived; None when they never have."""
        half = np.flatnonzero(self.share <= 0.5)  # noqa: PLR2004 - the median
        return float(self.time[half[0]]) if half.size else None


def kaplan_meier(times: ArrayLike, reached: ArrayLike) -> SurvivalCurve | Refusal:
    """Return the Kaplan-Meier curve of times, float64 [n], with bool [n] that is False where a run was censored.

    A run censored at the time another arrives counts as still on its way then. Reference: Kaplan & Meier,
    "Nonparametric estimation from incomplete observations", JASA 53 (1958).

    Raises:
        ValueError: a time is not finite or the lengths differ.

    >>> kaplan_meier([100.0, 200.0, 300.0], [True, False, True]).share
    array([0.66666667, 0.66666667, 0.        ])
    """
    time, arrived = _checked(times, reached)
    if time.size == 0:
        return Refusal(code="empty", words="There are no runs.")
    points, place = np.unique(time, return_inverse=True)
    leaving = np.bincount(place)
    at_risk = time.size - np.concatenate([[0], np.cumsum(leaving)[:-1]])
    arrivals = np.bincount(place, weights=arrived).astype(np.int64)
    share = np.cumprod(1 - arrivals / at_risk)
    return SurvivalCurve(time=points, share=share, at_risk=at_risk, arrived=arrivals)


def logrank_test(
    times_a: ArrayLike, reached_a: ArrayLike, times_b: ArrayLike, reached_b: ArrayLike
) -> TestResult | Refusal:
    """Return the two-sided log-rank test that runs of A and B arrive equally fast; z is above 0 where A is faster.

    Times are float64 [n] and [m]; bool [n] and [m] are False for censored runs. Refused where no run arrived.
    Reference: Mantel, "Evaluation of survival data and two new rank order statistics arising in its consideration",
    Cancer Chemotherapy Reports 50 (1966).

    Raises:
        ValueError: a time is not finite or the lengths differ.

    >>> logrank_test([1.0, 2.0, 3.0], [True] * 3, [4.0, 5.0, 6.0], [True] * 3)
    TestResult(test='log-rank', statistic=2.24758..., df=None, p=0.02460...)
    """
    (a, arrived_a), (b, arrived_b) = _checked(times_a, reached_a), _checked(times_b, reached_b)
    if min(a.size, b.size) == 0:
        return Refusal(code="empty", words="There are no runs on one side.")
    if not arrived_a.any() and not arrived_b.any():
        return NOTHING_REACHED
    events = np.unique(np.concatenate([a[arrived_a], b[arrived_b]]))
    risk_a, risk_b = _at_risk(a, events), _at_risk(b, events)
    risk = risk_a + risk_b
    arrivals_a, arrivals_b = (_arrivals(side[arrived], events) for side, arrived in ((a, arrived_a), (b, arrived_b)))
    arrivals = arrivals_a + arrivals_b
    excess = float((arrivals_a - arrivals * risk_a / risk).sum())
    spread = risk_a * risk_b * arrivals * (risk - arrivals) / (risk**2 * np.maximum(risk - 1, 1))
    variance = float(spread.sum())
    if variance == 0:
        return NO_CONTRAST
    z = excess / float(np.sqrt(variance))
    return TestResult(test=LOG_RANK, statistic=z, df=None, p=positive_p(2 * float(ndtr(-abs(z)))))


def _checked(times: ArrayLike, reached: ArrayLike) -> tuple[Floats, Booleans]:
    time, arrived = finite_sample(times, "times"), np.asarray(reached, dtype=np.bool_)
    if arrived.shape != time.shape:
        message = f"{arrived.size} marks of arrival for {time.size} times"
        raise ValueError(message)
    return time, arrived


def _at_risk(times: Floats, events: Floats) -> Floats:
    """Return how many runs were still on their way just before each event."""
    return times.size - np.searchsorted(np.sort(times), events, side="left").astype(np.float64)


def _arrivals(times: Floats, events: Floats) -> Floats:
    return np.bincount(np.searchsorted(events, times), minlength=events.size).astype(np.float64)
