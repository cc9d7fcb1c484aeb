"""Vectors on two groups paired by seed, and on the folds of one data set."""

from collections.abc import Mapping, Sequence
from typing import Any

from runreport.stats.equivalence import paired_equivalence
from runreport.stats.folds import compare_folds
from runreport.stats.paired import compare_paired
from runreport.stats.pairs import paired_differences, paired_interval, paired_test
from runreport.stats.permutation import sign_flip_test
from runreport.stats.repeats import Seed
from runreport.stats.signed_ranks import minimum_wilcoxon_p, sign_test, too_few_pairs, wilcoxon_test
from runreport.stats.tests import welch_test
from tests.known_answers.answers import alternative_of, answered, chosen, level_of, option, said
from tests.known_answers.runner import Method, Values
from tests.known_answers.unpaired import DEFAULT_ALPHA, one_sided_twice


def paired_t(inputs: Values, options: Values) -> Values:
    a, b = inputs["a"], inputs["b"]
    alternative, level = alternative_of(inputs, options), level_of(inputs, options)
    whole = compare_paired(_by_position(a), _by_position(b))
    test = answered(paired_test(a, b, alternative=alternative))
    interval = answered(paired_interval(a, b, level=level, alternative=alternative))
    return {
        "mean_diff": whole.delta and whole.delta.value,
        "sd_diff": whole.sd,
        "t": test.statistic,
        "df": test.df,
        "p": test.p,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "cohen_dz": whole.cohen_dz,
        "corr": whole.correlation,
        "p_welch_ignoring_pairs": answered(welch_test(a, b, alternative=alternative)).p,
    }


def _by_position(values: Sequence[float]) -> dict[int, float]:
    return dict(enumerate(values))


def as_seed(spelled: str) -> Seed:
    """Return a seed of JSON, whose keys are texts, as the number that is spelled just so, or else as the text."""
    digits = spelled.removeprefix("-")
    is_number = digits.isdecimal() and digits.isascii() and str(int(spelled)) == spelled
    return int(spelled) if is_number else spelled


def paired(inputs: Values, options: Values) -> Values:
    a, b = ({as_seed(seed): value for seed, value in inputs[side].items()} for side in ("a", "b"))
    found = compare_paired(a, b, level=level_of(inputs, options))
    interval = found.delta.interval if found.delta else None
    fields = {
        "ci_low": interval and interval.low,
        "ci_high": interval and interval.high,
        "common_seeds": [str(seed) for seed in found.common_seeds],
        "dropped_a": [str(seed) for seed in found.dropped_a],
        "dropped_b": [str(seed) for seed in found.dropped_b],
        "mean_diff": found.delta and found.delta.value,
        "t": found.test and found.test.statistic,
        "df": found.test and found.test.df,
        "p": found.test and found.test.p,
        "unpaired_all_runs_p": found.unpaired and found.unpaired.p,
    }
    if found.refusal is None:
        return {**fields, "answer": "answer"}
    falls_back = found.refusal.code in {"no-common-seeds", "few-common-seeds"}
    return {**fields, **said("fallback_unpaired" if falls_back else "refuse", found.refusal)}


def paired_t_seed_intersection(inputs: Values, options: Values) -> Values:
    found = dict(paired(inputs, options))
    for name in ("common_seeds", "dropped_a", "dropped_b"):
        found[name] = [as_seed(seed) for seed in found[name]]
    return found


def wilcoxon_signed_rank(inputs: Values, options: Values) -> Values:
    if "n_pairs" in inputs:
        n, alternative = inputs["n_pairs"], alternative_of(inputs, options)
        refusal = too_few_pairs(n, alternative=alternative, **chosen(inputs, options, "alpha"))
        fields = {"min_p": minimum_wilcoxon_p(n, alternative=alternative)}
        return {**fields, **(said("refuse", refusal) if refusal else {"answer": "answer"})}
    settings = {"method": "exact", **chosen(inputs, options, "alternative", "zero_method", "alpha", "method")}
    found = answered(wilcoxon_test(_differences(inputs, options), **settings))
    fields = {
        "W_min": found.test.statistic,
        "p": found.test.p,
        "rank_biserial": found.effect,
        "min_p": found.minimum_p,
        "min_p_two_sided": found.minimum_p,
    }
    return {**fields, **(said("refuse", found.refusal) if found.refusal else {"answer": "answer"})}


def _differences(inputs: Values, options: Values) -> Any:  # noqa: ANN401 - float64 [n]
    if "diffs" in inputs:
        return inputs["diffs"]
    decimals = option(inputs, options, "diffs_rounded_to", None)
    return answered(paired_differences(inputs["a"], inputs["b"], decimals=decimals))


def wilcoxon_ties_zeros(inputs: Values, options: Values) -> Values:
    fields, differences = {}, _differences(inputs, options)
    settings = {"method": "asymptotic", **chosen(inputs, options, "alternative")}
    for zeros in ("pratt", "wilcox"):
        found = answered(wilcoxon_test(differences, zero_method=zeros, **settings))
        fields |= {f"W_{zeros}": found.test.statistic, f"p_{zeros}_asymptotic": found.test.p}
    return fields


def sign_flip(inputs: Values, options: Values) -> Values:
    alternative = alternative_of(inputs, options)
    found = answered(sign_flip_test(_differences(inputs, options), alternative=alternative))
    return {"mean_diff": found.test.statistic, "p": found.test.p, "n_flips": found.flips}


def signs(inputs: Values, options: Values) -> Values:
    alternative = alternative_of(inputs, options)
    found = answered(sign_test(_differences(inputs, options), alternative=alternative))
    return {"wins": found.wins, "losses": found.losses, "ties": found.ties, "p": found.test.p}


def tost_paired(inputs: Values, options: Values) -> Values:
    alpha, margin = option(inputs, options, "alpha", DEFAULT_ALPHA), option(inputs, options, "margin", None)
    return one_sided_twice(answered(paired_equivalence(inputs["a"], inputs["b"], margin=margin, alpha=alpha)), alpha)


def nadeau_bengio(inputs: Values, options: Values) -> Values:
    ratio, rope = option(inputs, options, "test_over_train", None), option(inputs, options, "rope", 0.0)
    found = answered(compare_folds(inputs["a"], inputs["b"], test_over_train=ratio, rope=rope))
    return {
        "mean_diff": found.delta.value,
        "corrected_var": found.corrected_variance,
        "t": found.test.statistic,
        "df": found.test.df,
        "p": found.test.p,
        "naive_p": found.naive_p,
        "bayes_p_a_better": found.posterior.above,
        "bayes_p_rope": found.posterior.within,
        "bayes_p_b_better": found.posterior.below,
    }


METHODS: Mapping[str, Method] = {
    "paired_t": paired_t,
    "paired": paired,
    "paired_t_seed_intersection": paired_t_seed_intersection,
    "wilcoxon_signed_rank": wilcoxon_signed_rank,
    "wilcoxon_ties_zeros": wilcoxon_ties_zeros,
    "sign_flip_permutation_exact": sign_flip,
    "sign_test": signs,
    "tost_paired": tost_paired,
    "nadeau_bengio_corrected_t": nadeau_bengio,
}
