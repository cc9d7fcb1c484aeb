"""From numbers to a verdict and the sentence behind it."""

from runreport.compare.comparison import Contrast
from runreport.compare.directions import verdict_word
from runreport.compare.words import format_interval, format_p, format_value, half_width, with_unit
from runreport.names import Direction, Verdict
from runreport.stats.equivalence import Equivalence
from runreport.stats.types import Refusal
from runreport.stats.unpaired import UNKNOWN_DIRECTION
from runreport.stats.words import counted


def judge(contrast: Contrast, refusal: Refusal | None, *, alpha: float) -> tuple[Verdict, str]:
    """Return the verdict on a contrast and its reason.

    A refusal, or no p at all, is "cannot tell". Where a margin is set and both one-sided tests keep the difference
    within it, the sides are equivalent, even if a small difference is clear. Else the adjusted p alone decides. Without
    a direction the words are higher and lower.
    """
    if refusal is not None:
        return Verdict.CANNOT_TELL, refusal.words
    if contrast.delta is None or contrast.test is None or contrast.p_adjusted is None:
        return Verdict.CANNOT_TELL, "There is no test for these values."
    if contrast.equivalence is not None and contrast.equivalence.is_equivalent:
        return Verdict.EQUIVALENT, _equivalent(contrast, contrast.equivalence)
    if contrast.p_adjusted >= alpha:
        return Verdict.NO_CLEAR_DIFFERENCE, _no_clear_difference(contrast, alpha)
    verdict = verdict_word(contrast.delta.value, contrast.metric.direction)
    return verdict, _clear_difference(contrast, verdict, alpha)


def _equivalent(contrast: Contrast, found: Equivalence) -> str:
    margin = with_unit(format_value(found.margin), contrast.metric.unit, is_difference=True)
    return (
        f"{contrast.candidate.group_name} and {contrast.baseline.group_name} are equivalent on {contrast.metric.metric} "
        f"within \N{PLUS-MINUS SIGN}{margin}: {difference_words(contrast)}, p {format_p(found.p)} of both one-sided tests."
    )


def _clear_difference(contrast: Contrast, verdict: Verdict, alpha: float) -> str:
    sides = f"{contrast.candidate.group_name} is {verdict} than {contrast.baseline.group_name}"
    sentence = f"{sides} on {contrast.metric.metric}: {difference_words(contrast)}, {p_words(contrast, alpha)}."
    if contrast.metric.direction is Direction.UNKNOWN:
        return f"{sentence} {UNKNOWN_DIRECTION.words}"
    return sentence


def difference_words(contrast: Contrast) -> str:
    """Return the difference with its unit and interval, for example ``+0.012 (95 % interval +0.004 to +0.020)``."""
    if contrast.delta is None:
        return "no difference can be computed"
    interval = contrast.delta.interval
    value = format_value(contrast.delta.value, half_width(interval), sign=True)
    text = with_unit(value, contrast.metric.unit, is_difference=True)
    return f"{text} ({format_interval(interval, sign=True)})" if interval else text


def p_words(contrast: Contrast, alpha: float, *, what: str = "comparisons") -> str:
    """Return the adjusted p and over how many tests it is adjusted."""
    if contrast.p_adjusted is None:
        return "no p-value"
    p = f"p {format_p(contrast.p_adjusted, alpha=alpha)}"
    if contrast.family_size <= 1:
        return p
    return f"{p} after {contrast.adjustment} over {contrast.family_size} {what}"


def _no_clear_difference(contrast: Contrast, alpha: float) -> str:
    sentence = "No clear difference"
    interval = contrast.delta.interval if contrast.delta else None
    if interval is not None:
        spread = half_width(interval)
        low, high = (format_value(end, spread, sign=True) for end in (interval.low, interval.high))
        sentence += f": the data fit anything from {low} to {with_unit(high, contrast.metric.unit, is_difference=True)}"
    return f"{sentence}{_detectable(contrast)}.{_lost_by_adjustment(contrast, alpha)}"


def _detectable(contrast: Contrast) -> str:
    if contrast.mde is None:
        return ""
    sizes = (
        counted(len(contrast.paired.common_seeds), "pair")
        if contrast.paired
        else f"{contrast.candidate.description.n} and {contrast.baseline.description.n} runs"
    )
    mde = with_unit(format_value(contrast.mde, contrast.mde), contrast.metric.unit, is_difference=True)
    return f"; with {sizes} only differences above about {mde} would usually be found"


def _lost_by_adjustment(contrast: Contrast, alpha: float) -> str:
    if contrast.test is None or contrast.test.p >= alpha:
        return ""
    return (
        f" On its own p {format_p(contrast.test.p, alpha=alpha)}, "
        f"but {contrast.adjustment} over {contrast.family_size} comparisons leaves {_adjusted(contrast, alpha)}."
    )


def _adjusted(contrast: Contrast, alpha: float) -> str:
    return "none" if contrast.p_adjusted is None else f"p {format_p(contrast.p_adjusted, alpha=alpha)}"
