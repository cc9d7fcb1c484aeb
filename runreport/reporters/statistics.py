"""Statistics of numbers without logs: what each answer says in one sentence, and its numbers as a small table."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from runreport.reporters.tables import Cell, Table
from runreport.stats.multiplicity import benjamini_hochberg, holm
from runreport.stats.paired import PairedRuns, compare_paired
from runreport.stats.pairs import PAIRED
from runreport.stats.plan import MINIMUM_PAIRS, AnalysisPlan, Design, Layout, plan_two_sides
from runreport.stats.power import (
    MOST_RUNS,
    minimum_detectable_effect,
    minimum_detectable_effect_one_sample,
    power_of_t_test,
    runs_needed,
)
from runreport.stats.proportions import Proportion
from runreport.stats.target import against_target
from runreport.stats.tests import WELCH
from runreport.stats.two_proportions import at_least, at_most, compare_proportions
from runreport.stats.types import Caution, Estimate, Interval, Refusal, TestResult
from runreport.stats.unpaired import TwoGroups, arm, compare_two
from runreport.stats.words import SMALLEST_P, counted, p_words

METHODS = ("holm", "bh")
ADVISED_SEEDS = 5
NOT_TESTED = "not tested"

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


def compared(a: ArrayLike, b: ArrayLike, *, paired: bool = False, level: float, alpha: float) -> Answer:
    """Return A - B, float64 [n] and [m], where NaN is a run without a value; the plan says by which test.

    ``paired`` says that the n-th values of both sides belong together, as those of a seed do.

    Raises:
        ValueError: the level or alpha is not between 0 and 1, or pairs have sides of different lengths.
    """
    sides = (arm("A", a), arm("B", b))
    pairs = _pairs(a, b) if paired else ({}, {})
    common = len(_finite(pairs[0]) & _finite(pairs[1]))
    layout = Layout(n_a=sides[0].values.size, n_b=sides[1].values.size, common_seeds=common, has_seeds=paired)
    plan = plan_two_sides(layout)
    if plan.design is Design.PAIRED:
        return _compared_in_pairs(plan, compare_paired(*pairs, level=level), level, alpha)
    found = compare_two(*sides, level=level, alpha=alpha)
    return _compared_as_groups(plan, found, (layout.n_a, layout.n_b), level, alpha)


def _pairs(a: ArrayLike, b: ArrayLike) -> tuple[dict[int, float], dict[int, float]]:
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.size != right.size:
        message = f"{left.size} values of a cannot be paired with {right.size} of b"
        raise ValueError(message)
    return dict(enumerate(left.tolist())), dict(enumerate(right.tolist()))


def _finite(values: dict[int, float]) -> set[int]:
    return {position for position, value in values.items() if math.isfinite(value)}


def _compared_as_groups(
    plan: AnalysisPlan, found: TwoGroups, sizes: tuple[int, int], level: float, alpha: float
) -> Answer:
    rows: list[Row] = [
        *_delta_rows(found.delta, level),
        *_test_rows(WELCH, found.test),
        ("Hedges g", _number(found.hedges_g.value if found.hedges_g else None)),
        ("P(A > B)", _number(found.prob_superiority)),
        ("smallest difference usually found", _number(found.mde)),
    ]
    sentence = _difference(found.delta, found.refusal or found.test, alpha)
    few = _few_seeds(found.mde, *sizes)
    return _answer(sentence, rows, _planned(plan, found), (*_remarks(plan, found.cautions), *few))


def _compared_in_pairs(plan: AnalysisPlan, found: PairedRuns, level: float, alpha: float) -> Answer:
    rows: list[Row] = [
        ("pairs", len(found.common_seeds)),
        *_delta_rows(found.delta, level),
        *_test_rows(PAIRED, found.test),
        ("p by sign flips", _p(found.sign_flip.test if found.sign_flip else None)),
        ("p of all runs, not paired", _p(found.unpaired)),
    ]
    sentence = _difference(found.delta, found.refusal or found.test, alpha)
    pairs = len(found.common_seeds)
    mde = minimum_detectable_effect_one_sample(pairs, alpha=alpha) * found.sd if found.sd else None
    few = _few_seeds(mde, pairs)
    return _answer(sentence, rows, _planned(plan, found), (*_remarks(plan, found.cautions), *few))


def _delta_rows(delta: Estimate | None, level: float) -> list[Row]:
    value, interval = (delta.value, delta.interval) if delta else (None, None)
    return [("A - B", _number(value)), (f"interval ({100 * level:g}%)", _ends(interval))]


def _test_rows(name: str, test: TestResult | None) -> list[Row]:
    return [(name, _number(test.statistic if test else None)), ("p", _p(test))]


def _planned(plan: AnalysisPlan, found: TwoGroups | PairedRuns) -> dict[str, Any]:
    return {"plan": asdict(plan), **asdict(found)}


def _remarks(plan: AnalysisPlan, cautions: tuple[Caution, ...]) -> tuple[str, ...]:
    return (plan.why, *(caution.words for caution in cautions))


def _few_seeds(mde: float | None, *sizes: int) -> tuple[str, ...]:
    """Return what so few runs on the smaller side, or so few pairs, could have found."""
    if not MINIMUM_PAIRS <= min(sizes) < ADVISED_SEEDS:
        return ()
    found = "" if mde is None else f": only differences above about {mde:.3g} are found with 80% power"
    side = " per side" if len(sizes) > 1 else ""
    return (f"Few seeds ({' and '.join(map(str, sizes))}){found}; {ADVISED_SEEDS} or more{side} are advised.",)


def _difference(delta: Estimate | None, test: TestResult | Refusal | None, alpha: float) -> str:
    if delta is None or not isinstance(test, TestResult):
        return test.words if isinstance(test, Refusal) else "There is no test."
    verdict = f"A is {'higher' if delta.value > 0 else 'lower'} than B" if test.p < alpha else "No clear difference"
    ends = f", and the data fit anything from {_ends(delta.interval)}" if delta.interval else ""
    return f"{verdict}: A - B is {delta.value:.6g}{ends} ({p_words(test.p)})."


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
    remarks = (*(caution.words for caution in found.cautions), *_few_seeds(None, found.description.n))
    return _answer(found.sentence, rows, found, remarks)


def powered(effect: float, n: int | None, *, power: float, alpha: float) -> Answer:
    """Return how many runs per side find ``effect`` sd, and what ``n`` runs would find.

    Raises:
        ValueError: the effect is not finite, power or alpha is not between 0 and 1, or n is below 2.
    """
    if not math.isfinite(effect):
        message = f"the effect must be a finite number of standard deviations, not {effect}"
        raise ValueError(message)
    needed = runs_needed(effect, alpha=alpha, power=power)
    count = math.ceil(needed) if math.isfinite(needed) else None
    start = f"A difference of {effect:g} sd is found with {100 * power:g}% power"
    many = f"more than {MOST_RUNS:,.0f}" if effect else None  # no effect is never found
    wording: Cell = count or many
    sentence = f"{start} by {wording or 'no number of'} runs{' per side' if wording else ''}."
    found: dict[str, Any] = {"effect": effect, "alpha": alpha, "power": power, "runs_needed": count}
    rows: list[Row] = [("runs per side", wording)]
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
    shares = (("A", a, found.share_a), ("B", b, found.share_b))
    rows: list[Row] = [
        (f"{name}: {one.successes} of {one.n}", f"{share.value:.6g} ({_ends(share.interval)})")
        for name, one, share in shares
        if share
    ]
    rows += [
        *_delta_rows(found.delta, level),
        ("p", _p(found.test)),
        ("Cohen h", _number(found.cohen_h)),
        ("odds ratio", _number(found.odds_ratio)),
    ]
    sentence = _difference(found.delta, found.refusal or found.test, alpha)
    remarks = [found.reason] if found.reason else []
    for name, one, share in shares:
        if share and one.successes in {0, one.n}:
            bound = at_most(one, level=level) if one.successes == 0 else at_least(one, level=level)
            remarks.append(
                f"The share of {name} is {bound}; this bound is one-sided, the intervals above are two-sided."
            )
    return _answer(sentence, rows, found, tuple(remarks))


def adjusted(p_values: ArrayLike, *, method: str, alpha: float) -> Answer:
    """Return p-values, float64 [n], adjusted for how many they are, by Holm or by Benjamini and Hochberg.

    NaN stands for a comparison that was not tested: it does not count.

    Raises:
        ValueError: a p-value is not between 0 and 1.
    """
    given = np.asarray(p_values, dtype=np.float64)
    adjust = holm if method == "holm" else benjamini_hochberg
    values = [None if math.isnan(value) else value for value in adjust(given).tolist()]
    tested = [value for value in values if value is not None]
    below = sum(value < alpha for value in tested)
    sentence = f"{below} of {len(tested)} adjusted p-values {'is' if below == 1 else 'are'} below {alpha:g}."
    rows = tuple((_adjusted_p(p), _adjusted_p(value)) for p, value in zip(given.tolist(), values, strict=True))
    table = Table(columns=("p", "adjusted"), rows=rows)
    p = [None if math.isnan(one) else one for one in given.tolist()]
    detail = {"sentence": sentence, "method": method, "alpha": alpha, "p": p, "adjusted": values}
    return Answer(sentence=sentence, table=table, detail=detail, remarks=_untested(len(values) - len(tested)))


def _adjusted_p(p: float | None) -> Cell:
    if p is None or math.isnan(p):
        return NOT_TESTED
    return f"< {SMALLEST_P:g}" if p < SMALLEST_P else float(f"{p:.6g}")


def _untested(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    start = f"{counted(count, 'p-value')} (nan) {'was' if count == 1 else 'were'} not tested"
    return (f"{start}: {'it does' if count == 1 else 'they do'} not count among those adjusted for.",)


def _number(value: float | None) -> str | None:
    return None if value is None or math.isnan(value) else f"{value:.6g}"


def _p(test: TestResult | None) -> str | None:
    return p_words(test.p, 3).removeprefix("p = ").removeprefix("p ") if test else None


def _ends(interval: Interval | None) -> str | None:
    return f"{interval.low:.6g} to {interval.high:.6g}" if interval else None
