"""Vectors on methods over tasks."""

from collections.abc import Mapping

import numpy as np

from runreport.stats.friedman import MethodsOverTasks, compare_methods
from runreport.stats.pairs import paired_differences
from runreport.stats.plan import MINIMUM_TASKS
from runreport.stats.signed_ranks import sign_test
from runreport.stats.task_tests import Posterior, bayesian_signed_rank, pairwise_signed_rank
from runreport.stats.types import Refusal
from tests.known_answers.answers import alternative_of, answered, chosen, higher_is_better, option, said
from tests.known_answers.runner import Method, Values


def friedman_vector(inputs: Values, options: Values) -> Values:
    answer = compare_methods(
        inputs["scores_tasks_by_methods"],
        higher_is_better=higher_is_better(inputs, options),
        alpha=option(inputs, options, "alpha", 0.05),
    )
    return {**_remark(answer), **_friedman_fields(answer), "tasks_used": answer.tasks_used}


def _remark(answer: MethodsOverTasks) -> Values:
    if answer.refusal is not None:
        return {**said("refuse", answer.refusal), "min_tasks": MINIMUM_TASKS}
    if not answer.cautions:
        return {}
    kind = "fallback_wilcoxon" if answer.friedman is None else "answer_with_warning"
    return said(kind, answer.cautions[0])


def _friedman_fields(answer: MethodsOverTasks) -> Values:
    if answer.friedman is None:
        test = answer.signed_rank and answer.signed_rank.test
        return {} if test is None else {"p": test.p, "W": test.statistic}
    test = answer.friedman
    return {
        "avg_ranks": test.average_ranks,
        "chi2": test.chi_square,
        "p": test.p,
        "iman_davenport_F": test.iman_davenport,
        "iman_davenport_p": test.iman_davenport_p,
        "kendall_W": test.kendall_w,
        f"critical_difference_{f'{test.alpha:g}'.removeprefix('0.')}": test.critical_difference,
        "nemenyi_p": test.nemenyi_p,
        "cliques": test.cliques,
    }


def pairwise_wilcoxon(inputs: Values, options: Values) -> Values:
    decimals = option(inputs, options, "diffs_rounded_to", None)
    pairs = pairwise_signed_rank(
        inputs["scores_tasks_by_methods"],
        decimals=decimals,
        **chosen(inputs, options, "method", "zero_method"),
    )
    return {
        "pairs": [(pair.a, pair.b) for pair in pairs],
        "raw": [np.nan if pair.p is None else pair.p for pair in pairs],
        "holm": [np.nan if pair.p_holm is None else pair.p_holm for pair in pairs],
    }


def win_tie_loss_vector(inputs: Values, options: Values) -> Values:
    decimals = option(inputs, options, "diffs_rounded_to", None)
    better, worse = ("a", "b") if higher_is_better(inputs, options) else ("b", "a")
    differences = answered(paired_differences(inputs[better], inputs[worse], decimals=decimals))
    counts = sign_test(differences, alternative=alternative_of(inputs, options))
    if isinstance(counts, Refusal):
        return {"wins": 0, "ties": differences.size, "losses": 0, "p": None, **said("refuse", counts)}
    return {"wins": counts.wins, "ties": counts.ties, "losses": counts.losses, "p": counts.test.p}


def bayesian(inputs: Values, options: Values) -> Values:
    answer = bayesian_signed_rank(
        inputs["a"],
        inputs["b"],
        rope=option(inputs, options, "rope", 0.0),
        rng=np.random.default_rng(0),
        higher_is_better=higher_is_better(inputs, options),
    )
    if not isinstance(answer, Posterior):
        return said("refuse", answer)
    return {"p_a_better": answer.a_better, "p_rope": answer.rope, "p_b_better": answer.b_better}


METHODS: Mapping[str, Method] = {
    "friedman_iman_davenport_nemenyi": friedman_vector,
    "friedman": friedman_vector,
    "pairwise_wilcoxon_holm": pairwise_wilcoxon,
    "win_tie_loss_sign_test": win_tie_loss_vector,
    "bayesian_signed_rank": bayesian,
}
