"""Comparisons as JSON and as tables: the very numbers of the pages."""

from collections.abc import Sequence

from runreport.compare.comparison import Comparison, Contrast
from runreport.compare.entities import Sample
from runreport.compare.words import format_level, format_p, format_value, half_width
from runreport.reporters.tables import Cell, Table
from runreport.stats.paired import PairedRuns
from runreport.stats.types import Estimate, Interval

_EFFECT_SPREAD = 0.1  # two decimals


def public_contrast(contrast: Contrast) -> dict[str, object]:
    """Return a contrast as ``compare --format json`` prints it."""
    test = contrast.test
    return {
        "metric": contrast.metric.metric,
        "direction": contrast.metric.direction,
        "direction_source": contrast.metric.direction_source,
        "reduction": contrast.metric.reduction,
        "baseline": _public_sample(contrast.baseline),
        "candidate": _public_sample(contrast.candidate),
        **_public_estimate(contrast.delta),
        "level": contrast.level,
        "design": contrast.plan.design,
        "why": contrast.plan.why,
        "test": None if test is None else test.test,
        "statistic": None if test is None else test.statistic,
        "df": None if test is None else test.df,
        "p": None if test is None else test.p,
        "p_adjusted": contrast.p_adjusted,
        "adjustment": contrast.adjustment,
        "family_size": contrast.family_size,
        "unpaired": {
            **_public_estimate(contrast.unpaired_delta),
            "p": None if contrast.unpaired is None else contrast.unpaired.p,
        },
        "paired": _public_pairs(contrast.paired),
        "folds": None if contrast.folds is None else {"naive_p": contrast.folds.naive_p},
        "equivalence": None
        if contrast.equivalence is None
        else {"margin": contrast.equivalence.margin, "p": contrast.equivalence.p},
        "worst_case_delta": contrast.worst_case,
        "hedges_g": None if contrast.hedges_g is None else contrast.hedges_g.value,
        "prob_superiority": contrast.prob_superiority,
        "mde": contrast.mde,
        "verdict": contrast.verdict,
        "reason": contrast.reason,
        "cautions": [{"code": caution.code, "words": caution.words} for caution in contrast.cautions],
    }


def _public_estimate(estimate: Estimate | None) -> dict[str, object]:
    interval = estimate.interval if estimate is not None else None
    return {
        "delta": None if estimate is None else estimate.value,
        "ci": None if interval is None else [interval.low, interval.high],
    }


def _public_pairs(paired: PairedRuns | None) -> dict[str, object] | None:
    """Return what is known of the seeds that both sides have; None where they are not paired."""
    if paired is None:
        return None
    return {
        "common_seeds": paired.common_seeds,
        "dropped_candidate_seeds": paired.dropped_a,
        "dropped_baseline_seeds": paired.dropped_b,
        "p": None if paired.test is None else paired.test.p,
        "dz": paired.cohen_dz,
        "share_won": paired.share_won,
        "correlation": paired.correlation,
        "sign_flip_p": None if paired.sign_flip is None else paired.sign_flip.test.p,
    }


def plan_sentences(comparison: Comparison, metrics: Sequence[str]) -> tuple[str, ...]:
    """Return which tests were taken and why, each once, in the order of the metrics."""
    return tuple(dict.fromkeys(contrast.plan.why for contrast in chosen(comparison, metrics)))


def public_comparison(comparison: Comparison, metrics: Sequence[str]) -> dict[str, object]:
    """Return a comparison as JSON-ready values; only the named metrics, or all when none is named."""
    return {
        "experiment": comparison.experiment,
        "baseline": comparison.baseline.name,
        "candidate": comparison.candidate.name,
        "contrasts": [public_contrast(contrast) for contrast in chosen(comparison, metrics)],
        "confounds": [confound.sentence for confound in comparison.confounds],
    }


def contrast_table(comparison: Comparison, metrics: Sequence[str]) -> Table:
    """Return one row per metric with the numbers behind its verdict, rounded as on the pages."""
    contrasts = chosen(comparison, metrics)
    interval = f"{format_level(contrasts[0].level)} interval" if contrasts else "interval"
    numbers = ("baseline", "candidate", "difference", interval, "p", "p adjusted", "g")
    rows = tuple(_row(contrast) for contrast in contrasts)
    return Table(columns=("metric", *numbers, "verdict"), rows=rows, numeric=frozenset(numbers))


def chosen(comparison: Comparison, metrics: Sequence[str]) -> tuple[Contrast, ...]:
    """Return the contrasts of the named metrics, or all."""
    return tuple(one for one in comparison.contrasts if not metrics or one.metric.metric in metrics)


def _row(contrast: Contrast) -> tuple[Cell, ...]:
    delta, g = contrast.delta, contrast.hedges_g
    interval = delta.interval if delta is not None else None
    spread = half_width(interval)
    return (
        contrast.metric.metric,
        _mean_text(contrast.baseline),
        _mean_text(contrast.candidate),
        None if delta is None else format_value(delta.value, spread, sign=True),
        None if interval is None else _interval_text(interval),
        None if contrast.test is None else _p_text(contrast.test.p),
        None if contrast.p_adjusted is None else _p_text(contrast.p_adjusted),
        None if g is None else format_value(g.value, _EFFECT_SPREAD, sign=True),
        contrast.verdict.value,
    )


def _interval_text(interval: Interval) -> str:
    spread = half_width(interval)
    low, high = (format_value(end, spread, sign=True) for end in (interval.low, interval.high))
    return f"{low} to {high}"


def _p_text(p: float) -> str:
    return format_p(p).removeprefix("= ")


def _mean_text(sample: Sample) -> str:
    described = sample.description
    if described.mean is None:
        return f"none (n={described.n})"
    spread = "" if described.sd is None else f" ± {format_value(described.sd, described.sd)}"
    return f"{format_value(described.mean, described.sd)}{spread} (n={described.n})"


def _public_sample(sample: Sample) -> dict[str, object]:
    described = sample.description
    return {
        "name": sample.group_name,
        "n": described.n,
        "mean": described.mean,
        "sd": described.sd,
        "values": sample.values,
        "seeds": sample.seeds,
        "non_finite": len(sample.non_finite),
        "missing": len(sample.missing),
        "failed": sample.counts.failed,
        "killed": sample.counts.killed,
        "running": sample.counts.running,
        "excluded": sample.counts.excluded,
    }
