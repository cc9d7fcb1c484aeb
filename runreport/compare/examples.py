"""Runs compared with each other example by example: two checkpoints on the same test examples, never two methods.

Examples are no replicates of a run. They say how sure the difference between these very runs is on such examples, and
nothing about another seed; groups, means and their comparisons do not know of them.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runreport.compare.directions import verdict_word
from runreport.compare.entities import Group, MetricDefinition
from runreport.compare.groups import is_comparable
from runreport.compare.words import format_interval, format_p, format_value, half_width
from runreport.config.options import ComparisonOptions
from runreport.frames.values import ExperimentFrame, RunExamples, RunFacts
from runreport.names import Direction, Verdict, content_hash
from runreport.stats.example_scores import PairedDifference
from runreport.stats.examples import FEW_DISCORDANT, PairedExamples, Predictions, compare_examples
from runreport.stats.multiplicity import family_size, holm
from runreport.stats.plan import AnalysisPlan, plan_examples
from runreport.stats.types import Refusal
from runreport.stats.words import counted, listed

MOST_COMPARED = 20
"""How many runs are compared with the reference on a metric; the others are counted."""

_SAME = 1e-6  # relative: a log may round the mean over its examples

NOT_THE_MEAN = (
    "The value of the metric is not the mean of the scores of its examples, so it is not known which way they improve; "
    "nothing is called better or worse."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleContrast:
    """One run minus the reference run over the same test examples.

    ``answer`` holds the difference in units of the scores, the discordant counts, and the test or the refusal;
    ``p_adjusted`` is adjusted by Holm's method over the ``family_size`` runs tested on the metric. ``reason`` is the
    sentence behind the verdict, ``cautions`` what to be careful about.
    """

    run_id: str
    name: str
    plan: AnalysisPlan
    answer: PairedExamples
    p_adjusted: float | None = None
    family_size: int = 0
    verdict: Verdict = Verdict.CANNOT_TELL
    reason: str = ""
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricExamples:
    """All runs that are compared with the reference run on one metric; ``left_out`` more are beyond the limit."""

    metric: MetricDefinition
    reference_id: str
    reference_name: str
    contrasts: tuple[ExampleContrast, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One run with its scores; ``is_mean`` when the logged value of the metric is the mean over its examples."""

    facts: RunFacts
    predictions: Predictions
    is_mean: bool

    @property
    def run_id(self) -> str:
        return self.facts.run.run_id


def compare_on_examples(
    frame: ExperimentFrame,
    groups: Sequence[Group],
    baselines: Sequence[str],
    definitions: Sequence[MetricDefinition],
    options: ComparisonOptions,
) -> tuple[MetricExamples, ...]:
    """Return for each metric, in the order of the definitions, what can be said of its runs example by example.

    The reference is the first comparable run of the baseline groups (given by id) that has examples, else the first of
    all runs that has; every other comparable run with examples is compared with it. Metrics on which fewer than two
    runs have examples are left out.
    """
    if not frame.examples:
        return ()
    # A group of a single run is known by its setting, which says more than the run's own name.
    alone = {group.run_ids[0]: group.name for group in groups if len(group.run_ids) == 1}
    favoured = {run_id for group in groups if group.group_id in baselines for run_id in group.run_ids}
    families = (
        _family(definition, _sides(frame, definition.metric, alone), favoured, options) for definition in definitions
    )
    return tuple(family for family in families if family is not None)


def _sides(frame: ExperimentFrame, metric: str, alone: dict[str, str]) -> list[_Side]:
    known = frame.examples.get(metric, ())
    return [_side(frame, metric, one, alone) for one in known if is_comparable(frame.runs[one.row])]


def _side(frame: ExperimentFrame, metric: str, examples: RunExamples, alone: dict[str, str]) -> _Side:
    facts = frame.runs[examples.row]
    finite = np.isfinite(examples.scores)
    scores = examples.scores[finite]
    logged = float(frame.metrics[metric].last[examples.row])
    return _Side(
        facts=facts,
        predictions=Predictions(
            name=alone.get(facts.run.run_id) or facts.run.name or facts.run.run_id,
            ids=examples.examples[finite].tolist(),
            scores=scores.tolist(),
        ),
        is_mean=bool(scores.size) and math.isclose(float(scores.mean()), logged, rel_tol=_SAME, abs_tol=_SAME**2),
    )


def _family(
    metric: MetricDefinition, sides: Sequence[_Side], favoured: Collection[str], options: ComparisonOptions
) -> MetricExamples | None:
    if len(sides) < 2:  # noqa: PLR2004 - a comparison has two sides
        return None
    reference = next((side for side in sides if side.run_id in favoured), sides[0])
    others = [side for side in sides if side is not reference]
    drafts = [_draft(metric, side, reference, options) for side in others[:MOST_COMPARED]]
    p_values = [draft.answer.test.p if draft.answer.test else math.nan for draft in drafts]
    size = family_size(p_values)
    adjusted = [None if np.isnan(p) else float(p) for p in holm(p_values)]
    return MetricExamples(
        metric=metric,
        reference_id=reference.run_id,
        reference_name=reference.predictions.name,
        contrasts=tuple(
            _judged(replace(draft, p_adjusted=p, family_size=size), (metric, side, reference), options.alpha)
            for draft, side, p in zip(drafts, others, adjusted, strict=False)
        ),
        left_out=max(0, len(others) - MOST_COMPARED),
    )


def _draft(metric: MetricDefinition, side: _Side, reference: _Side, options: ComparisonOptions) -> ExampleContrast:
    scores = {*side.predictions.scores, *reference.predictions.scores}
    answer = _answer(metric, side, reference, options)
    said = [caution.words for caution in answer.cautions]
    return ExampleContrast(
        run_id=side.run_id,
        name=side.predictions.name,
        plan=plan_examples(is_binary=scores <= {0.0, 1.0}),
        answer=answer,
        cautions=(*said, *_cautions(metric, side, reference)),
    )


def _answer(metric: MetricDefinition, side: _Side, reference: _Side, options: ComparisonOptions) -> PairedExamples:
    refusal = _other_data(metric, side, reference)
    if refusal is not None:
        return PairedExamples(refusal=refusal)
    seed = content_hash("examples", metric.metric, side.run_id, reference.run_id, length=12)
    rng = np.random.default_rng(int(seed, 16))
    return compare_examples(side.predictions, reference.predictions, level=options.level, rng=rng)


def _other_data(metric: MetricDefinition, side: _Side, reference: _Side) -> Refusal | None:
    """Return why examples of the same name are not the same: another data set, or another version of the task."""
    task = _task(metric)
    names = f"{side.predictions.name} and {reference.predictions.name}"
    for what, (one, other) in (
        ("data set", (_source(side, task), _source(reference, task))),
        ("version of the task", (_version(side, task), _version(reference, task))),
    ):
        if one and other and one != other:
            words = f"{names} were not scored on the same {what} ({one} and {other}), so examples of one name differ."
            return Refusal(code="other-data", words=words)
    return None


def _cautions(metric: MetricDefinition, side: _Side, reference: _Side) -> Iterator[str]:
    task = _task(metric)
    digests = [_digest(one, task) for one in (side, reference)]
    if all(digests) and digests[0] != digests[1]:
        yield (
            f"The digest of {task} differs between {side.predictions.name} and {reference.predictions.name}: its "
            "documents or its prompts (shots, chat template) were not the same."
        )
    if not (side.is_mean and reference.is_mean):
        yield NOT_THE_MEAN


def _task(metric: MetricDefinition) -> str:
    return metric.metric.rpartition("/")[0]


def _source(side: _Side, task: str) -> str | None:
    return next((one.source for one in side.facts.datasets if one.dataset == task), None)


def _digest(side: _Side, task: str) -> str | None:
    return next((one.digest for one in side.facts.datasets if one.dataset == task), None)


def _version(side: _Side, task: str) -> str | None:
    found = side.facts.params.get(f"version.{task}")
    return found.value if found else None


def _judged(draft: ExampleContrast, sides: tuple[MetricDefinition, _Side, _Side], alpha: float) -> ExampleContrast:
    metric, side, reference = sides
    answer = draft.answer
    if answer.refusal is not None or draft.p_adjusted is None or answer.difference is None:
        words = answer.refusal.words if answer.refusal else "One example says nothing about the noise."
        return replace(draft, reason=words)
    direction = metric.direction if side.is_mean and reference.is_mean else Direction.UNKNOWN
    is_clear = draft.p_adjusted < alpha
    verdict = verdict_word(answer.difference.value, direction) if is_clear else Verdict.NO_CLEAR_DIFFERENCE
    judged = replace(draft, verdict=verdict)
    return replace(judged, reason=_reason(judged, metric, reference.predictions.name, alpha))


def _reason(contrast: ExampleContrast, metric: MetricDefinition, reference: str, alpha: float) -> str:
    examples = f"the same {counted(contrast.answer.n, 'example')}"
    if contrast.verdict is Verdict.NO_CLEAR_DIFFERENCE:
        start = (
            f"Over {examples} there is no clear difference between {contrast.name} and {reference} on {metric.metric}"
        )
    else:
        start = f"Over {examples} {contrast.name} is {contrast.verdict} than {reference} on {metric.metric}"
    return f"{start}: {_numbers(contrast, alpha)}."


def _numbers(contrast: ExampleContrast, alpha: float) -> str:
    found, test = contrast.answer.difference, contrast.answer.test
    if found is None or test is None or contrast.p_adjusted is None:
        return "no difference can be computed"
    value = format_value(found.value, half_width(found.interval), sign=True)
    family = f" after Holm over {contrast.family_size} runs" if contrast.family_size > 1 else ""
    return f"{value}{_evidence(contrast.answer, found)}, p {format_p(contrast.p_adjusted, alpha=alpha)} ({test.test}){family}"


def _evidence(answer: PairedExamples, found: PairedDifference) -> str:
    """Return the interval; where few examples differ it is rough and could contradict the test, so their counts."""
    if has_few_discordant(answer) and answer.counts:
        return f" (only the one right on {answer.counts.only_a_right}, only the other on {answer.counts.only_b_right})"
    return f" ({format_interval(found.interval, sign=True)})"


def has_few_discordant(answer: PairedExamples) -> bool:
    """Say whether so few right or wrong examples differ that the normal interval of the difference is only rough."""
    counts = answer.counts
    return counts is not None and counts.only_a_right + counts.only_b_right < FEW_DISCORDANT


def examples_sentence(families: Sequence[MetricExamples]) -> str:
    """Return what the examples say on the primary metric, or on the only metric that has any; empty where nothing can.

    It always ends with what such a comparison is about, so that nobody takes it for one of methods.
    """
    primary = [family for family in families if family.metric.is_primary] or list(
        families if len(families) == 1 else ()
    )
    tested = [contrast for family in primary for contrast in family.contrasts if contrast.p_adjusted is not None]
    if not tested:
        return ""
    if len(tested) == 1:
        return f"{tested[0].reason} This is about these two checkpoints, not the two methods."
    return f"{_several(primary[0], tested)} This is about these checkpoints, not the methods."


def _several(family: MetricExamples, tested: Sequence[ExampleContrast]) -> str:
    start = (
        f"Example by example, {len(tested)} runs were compared with {family.reference_name} on {family.metric.metric}"
    )
    words = [
        f"{len(named)} {'is' if len(named) == 1 else 'are'} {verdict} ({listed(named)})"
        for verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.HIGHER, Verdict.LOWER)
        if (named := [contrast.name for contrast in tested if contrast.verdict is verdict])
    ]
    unclear = sum(contrast.verdict is Verdict.NO_CLEAR_DIFFERENCE for contrast in tested)
    if unclear:
        words.append(f"{unclear} {'is' if unclear == 1 else 'are'} not clearly different")
    return f"{start}: {listed(words, at_most=len(words))}, p after Holm."
