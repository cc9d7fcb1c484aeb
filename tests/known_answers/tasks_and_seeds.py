"""Vectors on methods over tasks and seeds."""

from collections.abc import Mapping

import numpy as np

from runreport.stats.aggregate import (
    Aggregates,
    aggregate,
    bootstrap_aggregates,
    performance_profile,
    resampled_aggregates,
)
from runreport.stats.improvement import probability_of_improvement
from runreport.stats.rank_agreement import rank_agreement
from runreport.stats.rank_distribution import rank_distribution
from runreport.stats.resampling import percentile_interval
from runreport.stats.stratified import AGGREGATES
from runreport.stats.task_scores import AS_LOGGED, task_scores
from runreport.stats.types import Estimate, Refusal
from tests.known_answers.answers import higher_is_better, level_of, option, said
from tests.known_answers.runner import Method, Values

TAUS = [0.0, 0.25, 0.5, 1.0, 1.5]


def aggregates(inputs: Values, options: Values) -> Values:
    scores = task_scores(inputs["scores_runs_by_tasks"], scale=AS_LOGGED)
    answer = aggregate(scores, gamma=option(inputs, options, "gamma", 1.0))
    taus = option(inputs, options, "profile_tau", TAUS)
    profile = performance_profile(scores, taus)
    if isinstance(answer, Refusal):
        return said("refuse", answer)
    assert not isinstance(profile, Refusal)
    return {
        **{name: one.value for name, one in _estimates(answer).items()},
        "profile_tau": taus,
        "profile_runs": profile.runs,
        "profile_task_means": profile.task_means,
    }


def _estimates(answer: Aggregates) -> dict[str, Estimate]:
    return {name: getattr(answer, name) for name in AGGREGATES}


def improvement(inputs: Values, options: Values) -> Values:
    x, y = (task_scores(inputs[f"{side}_runs_by_tasks"]) for side in "xy")
    answer = probability_of_improvement(x, y, higher_is_better=higher_is_better(inputs, options))
    return said("refuse", answer) if isinstance(answer, Refusal) else {"prob": answer}


def given_indices(inputs: Values, options: Values) -> Values:
    scores = task_scores(inputs["scores_runs_by_tasks"], scale=AS_LOGGED)
    gamma = option(inputs, options, "gamma", 1.0)
    point = aggregate(scores, gamma=gamma)
    resampled = resampled_aggregates(scores, np.array(inputs["idx_resample_run_task"]), gamma=gamma)
    if isinstance(point, Refusal) or isinstance(resampled, Refusal):
        return said("refuse", point if isinstance(point, Refusal) else resampled)  # type: ignore[arg-type]
    rows = dict(zip(AGGREGATES, resampled, strict=True))
    interval = percentile_interval(rows[option(inputs, options, "statistic", "iqm")], level=level_of(inputs, options))
    return {
        **{name: one.value for name, one in _estimates(point).items()},
        **{f"{name}_resampled": values for name, values in rows.items()},
        "ci_low": interval.low,
        "ci_high": interval.high,
    }


def monte_carlo(inputs: Values, options: Values) -> Values:
    answer = bootstrap_aggregates(
        task_scores(inputs["scores_runs_by_tasks"], scale=AS_LOGGED),
        rng=np.random.default_rng(0),
        resamples=50_000,
        level=level_of(inputs, options),
        gamma=option(inputs, options, "gamma", 1.0),
        task_bootstrap=option(inputs, options, "task_bootstrap", default=False),
    )
    if isinstance(answer, Refusal):
        return said("refuse", answer)
    order = option(inputs, options, "order", ["iqm", "mean", "median", "optimality_gap"])
    found = [_estimates(answer)[name] for name in order]
    return {
        "order": order,
        "point": [one.value for one in found],
        "ci_low": [one.interval and one.interval.low for one in found],
        "ci_high": [one.interval and one.interval.high for one in found],
    }


def rank_bootstrap(inputs: Values, options: Values) -> Values:
    answer = rank_distribution(
        inputs["scores_methods_by_seeds"],
        higher_is_better=higher_is_better(inputs, options),
        rng=np.random.default_rng(0),
        level=level_of(inputs, options),
    )
    if isinstance(answer, Refusal):
        return said("refuse", answer)
    return {
        "point_rank": answer.point_ranks,
        "expected_rank": answer.expected_ranks,
        "prob_best_ties_shared": answer.best,
        "rank_ci95_min_method": [(one.low, one.high) for one in answer.intervals],
    }


def agreement(inputs: Values, _options: Values) -> Values:
    answer = rank_agreement(inputs["rank_a"], inputs["rank_b"])
    if isinstance(answer, Refusal):
        return said("refuse", answer)
    return {"kendall_tau": answer.kendall_tau, "p_exact": answer.p, "spearman": answer.spearman}


METHODS: Mapping[str, Method] = {
    "rliable_aggregates": aggregates,
    "probability_of_improvement": improvement,
    "stratified_bootstrap_given_indices": given_indices,
    "stratified_bootstrap_mc": monte_carlo,
    "rank_bootstrap_exact": rank_bootstrap,
    "rank_bootstrap": rank_bootstrap,
    "rank_agreement": agreement,
}
