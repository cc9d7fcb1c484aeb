"""Statistics of numbers without logs: what each answer says in one sentence, and its numbers as a small table."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from runreport.reporters.tables import Cell, Table
from runreport.stats.arrays import finite_sample, is_constant
from runreport.stats.multiplicity import benjamini_hochberg, holm
from runreport.stats.one_sample import one_sample_interval, one_sample_test
from runreport.stats.power import minimum_detectable_effect, power_of_t_test, runs_needed
from runreport.stats.proportions import Proportion
from runreport.stats.target import against_target
from runreport.stats.two_proportions import at_least, at_most, compare_proportions
from runreport.stats.types import Interval, Refusal, TestResult
from runreport.stats.unpaired import arm, compare_two

METHODS = ("holm", "bh")
_FEWEST_PAIRS = 3

Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A sentence, its numbers as a table, and the whole result for a machine (without arrays)."""

    sentence: str
    table: Table
    detail: dict[str, Any]
    remarks: tuple[str, ...] = ()


def _answer(sentence: str, rows: list[Row], result: object, remarks: tuple[str, ...] = ()) -> Answer:
    detail = asdict(result) if not isinstance(result, dict) else result  # type: ignore[call-overload]
    table = Table(columns=("", "value"), rows=tuple(row for row in rows if row[1] is not None))
    return Answer(sentence=sentence, table=table, detail={"sentence": sentence, **detail}, remarks=remarks)


def compared(a: ArrayLike, b: ArrayLike, *, level: float, alpha: float) -> Answer:
    """Return mean(a) - mean(b) of independent runs, float64 [n] and [m], where NaN is a run without a value.

    Raises:
        ValueError: the level or alpha is not between 0 and 1.
    """
    found = compare_two(arm("A", a), arm("B", b), level=level, alpha=alpha)
    interval = found.delta.interval if found.delta else None
    rows: list[Row] = [
        ("A - B", _number(found.delta.value if found.delta else None)),
        (f"interval ({100 * level:g}%)", _ends(interval)),
        ("Welch t", _number(found.test.statistic if found.test else None)),
        ("p", _p(found.test)),
        ("Hedges g", _number(found.hedges_g.value if found.hedges_g else None)),
        ("P(A > B)", _number(found.prob_superiority)),
        ("smallest difference usually found", _number(found.mde)),
    ]
    delta = found.delta.value if found.delta else math.nan
    sentence = _difference(delta, interval, found.refusal or found.test, alpha)
    return _answer(sentence, rows, found, tuple(caution.words for caution in found.cautions))


def compared_in_pairs(a: ArrayLike, b: ArrayLike, *, level: float, alpha: float) -> Answer:
    """Return the mean of a - b over pairs, float64 [n] each.

    Raises:
        ValueError: a value is not finite, the lengths differ, or the level is not between 0 and 1.
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if left.size != right.size:
        message = f"{left.size} values of a and {right.size} of b cannot be pairs"
        raise ValueError(message)
    differences = left - right
    interval, test = one_sample_interval(differences, level=level), _paired_test(differences)
    mean = float(differences.mean()) if differences.size else math.nan
    rows: list[Row] = [
        ("pairs", int(differences.size)),
        ("A - B", _number(mean)),
        (f"interval ({100 * level:g}%)", _ends(interval)),
        ("paired t", _number(test.statistic if isinstance(test, TestResult) else None)),
        ("p", _p(test)),
    ]
    result = {
        "delta": mean,
        "interval": asdict(interval) if isinstance(interval, Interval) else None,
        "test": asdict(test) if isinstance(test, TestResult) else None,
        "refusal": asdict(test) if isinstance(test, Refusal) else None,
    }
    return _answer(_difference(mean, interval, test, alpha), rows, result)


def _paired_test(differences: ArrayLike) -> TestResult | Refusal:
    array = finite_sample(differences, "differences")
    if array.size < _FEWEST_PAIRS:
        pairs = "pair" if array.size == 1 else "pairs"
        words = f"{array.size} {pairs}: a paired comparison needs at least {_FEWEST_PAIRS}."
        return Refusal(code="too-few-pairs", words=words)
    if is_constant(array):
        return Refusal(code="zero-variance", words="All paired differences are equal; the noise is unknown.")
    return one_sample_test(array, 0.0)


def _difference(
    value: float, interval: Interval | Refusal | None, test: TestResult | Refusal | None, alpha: float
) -> str:
    if isinstance(test, Refusal) or test is None:
        return test.words if test else "There is no test."
    verdict = f"A is {'higher' if value > 0 else 'lower'} than B" if test.p < alpha else "No clear difference"
    ends = f", and the data fit anything from {_ends(interval)}" if isinstance(interval, Interval) else ""
    return f"{verdict}: A - B is {value:.6g}{ends} (p = {test.p:.2g})."


def targeted(values: ArrayLike, target: float, *, side: str, alpha: float) -> Answer:
    """Return whether the mean of float64 [n] is shown to lie below or above a target.

    Raises:
        ValueError: the target is not finite, the side is not one, or alpha is not between 0 and 1.
    """
    found = against_target(values, target, side=side, alpha=alpha)
    end = None if found.bound is None else found.bound.high if side == "below" else found.bound.low
    rows: list[Row] = [
        ("verdict", found.verdict),
        ("runs", found.description.n),
        ("mean", _number(found.description.mean)),
        ("sd", _number(found.description.sd)),
        ("p", _p(found.test)),
        (f"bound of the mean ({100 * (1 - alpha):g}%)", _number(end)),
        ("margin in sd", _number(found.margin_sd)),
        (f"{'highest' if side == 'below' else 'lowest'} mean that passes", _number(found.passing_mean)),
        ("runs for 90% power", found.runs_needed),
        ("p by ranks (Wilcoxon)", _p(found.wilcoxon)),
        ("p by signs", _p(found.sign)),
    ]
    return _answer(found.sentence, rows, found, tuple(caution.words for caution in found.cautions))


def powered(effect: float, n: int | None, *, power: float, alpha: float) -> Answer:
    """Return how many runs per side find ``effect`` sd, and what ``n`` runs would find.

    Raises:
        ValueError: power or alpha is not between 0 and 1, or n is below 2.
    """
    needed = runs_needed(effect, alpha=alpha, power=power)
    count = math.ceil(needed) if math.isfinite(needed) else None
    start = f"A difference of {effect:g} sd is found with {100 * power:g}% power"
    sentence = f"{start} by {count} runs per side." if count else f"{start} by no number of runs."
    found: dict[str, Any] = {"effect": effect, "alpha": alpha, "power": power, "runs_needed": count}
    rows: list[Row] = [("runs per side", count)]
    if n is not None:
        reached = power_of_t_test(effect, n, n, alpha=alpha)
        smallest = minimum_detectable_effect(n, n, alpha=alpha, power=power)
        found |= {"n": n, "power_at_n": reached, "smallest_effect_at_n": smallest}
        rows += [
            (f"power of {n} runs per side", f"{100 * reached:.3g}%"),
            (f"smallest effect {n} runs find (sd)", _number(smallest)),
        ]
    return _answer(sentence, rows, found)


def proportioned(a: Proportion, b: Proportion, *, level: float, alpha: float) -> Answer:
    """Return the difference of two shares of successes.

    Raises:
        ValueError: the counts do not fit, or the level is not between 0 and 1.
    """
    found = compare_proportions(a, b, level=level)
    interval = found.delta.interval if found.delta else None
    shares = (("A", a, found.share_a), ("B", b, found.share_b))
    rows: list[Row] = [
        (f"{name}: {one.successes} of {one.n}", f"{share.value:.6g} ({_ends(share.interval)})")
        for name, one, share in shares
        if share
    ]
    rows += [
        ("A - B", _number(found.delta.value if found.delta else None)),
        (f"interval ({100 * level:g}%)", _ends(interval)),
        ("p", _p(found.test)),
        ("Cohen h", _number(found.cohen_h)),
        ("odds ratio", _number(found.odds_ratio)),
    ]
    delta = found.delta.value if found.delta else math.nan
    sentence = _difference(delta, interval, found.refusal or found.test, alpha)
    remarks = [found.reason] if found.reason else []
    for name, one, share in shares:
        if share and one.successes in {0, one.n}:
            bound = at_most(one, level=level) if one.successes == 0 else at_least(one, level=level)
            remarks.append(f"The share of {name} is {bound}.")
    return _answer(sentence, rows, found, tuple(remarks))


def adjusted(p_values: ArrayLike, *, method: str, alpha: float) -> Answer:
    """Return p-values, float64 [n], adjusted for how many they are, by Holm or by Benjamini and Hochberg.

    Raises:
        ValueError: a p-value is not between 0 and 1.
    """
    given = np.asarray(p_values, dtype=np.float64)
    values = (holm if method == "holm" else benjamini_hochberg)(finite_sample(given, "p")).tolist()
    below = sum(value < alpha for value in values)
    sentence = f"{below} of {len(values)} adjusted p-values {'is' if below == 1 else 'are'} below {alpha:g}."
    rows = tuple((float(p), float(f"{value:.6g}")) for p, value in zip(given, values, strict=True))
    table = Table(columns=("p", "adjusted"), rows=rows)
    detail = {"sentence": sentence, "method": method, "alpha": alpha, "p": given.tolist(), "adjusted": values}
    return Answer(sentence=sentence, table=table, detail=detail)


def _number(value: float | None) -> str | None:
    return None if value is None or math.isnan(value) else f"{value:.6g}"


def _p(test: TestResult | Refusal | None) -> str | None:
    return f"{test.p:.3g}" if isinstance(test, TestResult) else None


def _ends(interval: Interval | Refusal | None) -> str | None:
    return f"{interval.low:.6g} to {interval.high:.6g}" if isinstance(interval, Interval) else None
