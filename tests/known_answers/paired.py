"""Vectors on two groups paired by seed, and on the folds of one data set."""

from collections.abc import Mapping, Sequence

from runreport.stats.equivalence import paired_equivalence
from runreport.stats.folds import compare_folds
from runreport.stats.paired import compare_paired
from runreport.stats.pairs import paired_differences, paired_interval, paired_test
from runreport.stats.permutation import sign_flip_test
from runreport.stats.signed_ranks import minimum_wilcoxon_p, sign_test, too_few_pairs, wilcoxon_test
from runreport.stats.tests import welch_test
from runreport.stats.types import Refusal
from tests.known_answers.answers import answered, said
from tests.known_answers.runner import Method, Values


def paired_t(inputs: Values, options: Values) -> Values:
    a, b = inputs["a"], inputs["b"]
    alternative, level = options.get("alternative", "two-sided"), options.get("confidence", 0.95)
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


def paired(inputs: Values, _: Values) -> Values:
    a, b = ({int(seed): value for seed, value in inputs[side].items()} for side in ("a", "b"))
    found = compare_paired(a, b)
    fields = {
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
        found[name] = [int(seed) for seed in found[name]]
    return found


def wilcoxon_signed_rank(inputs: Values, options: Values) -> Values:
    chosen = {name: options[name] for name in ("alternative", "zero_method", "alpha") if name in options}
    if "n_pairs" in inputs:
        n = inputs["n_pairs"]
        refusal = too_few_pairs(n, alpha=options.get("alpha", 0.05))
        fields = {"min_p": minimum_wilcoxon_p(n)}
        return {**fields, **(said("refuse", refusal) if refusal else {"answer": "answer"})}
    differences = answered(_differences(inputs))
    found = wilcoxon_test(differences, method=options.get("method", "exact"), **chosen)
    if isinstance(found, Refusal):
        return said("refuse", found)
    fields = {
        "W_min": found.test.statistic,
        "p": found.test.p,
        "rank_biserial": found.effect,
        "min_p": found.minimum_p,
        "min_p_two_sided": found.minimum_p,
    }
    return {**fields, **(said("refuse", found.refusal) if found.refusal else {"answer": "answer"})}


def _differences(inputs: Values) -> object:
    return paired_differences(inputs["a"], inputs["b"], decimals=inputs.get("diffs_rounded_to"))


def wilcoxon_ties_zeros(inputs: Values, _: Values) -> Values:
    fields = {}
    for zeros in ("pratt", "wilcox"):
        found = answered(wilcoxon_test(inputs["diffs"], zero_method=zeros, method="asymptotic"))
        fields |= {f"W_{zeros}": found.test.statistic, f"p_{zeros}_asymptotic": found.test.p}
    return fields


def sign_flip(inputs: Values, options: Values) -> Values:
    alternative = options.get("alternative", "two-sided")
    found = answered(sign_flip_test(answered(_differences(inputs)), alternative=alternative))
    return {"mean_diff": found.test.statistic, "p": found.test.p, "n_flips": found.flips}


def signs(inputs: Values, options: Values) -> Values:
    alternative = options.get("alternative", "two-sided")
    found = answered(sign_test(answered(_differences(inputs)), alternative=alternative))
    return {"wins": found.wins, "losses": found.losses, "ties": found.ties, "p": found.test.p}


def tost_paired(inputs: Values, options: Values) -> Values:
    found = answered(paired_equivalence(inputs["a"], inputs["b"], margin=options["margin"]))
    return {
        "p": found.p,
        "t_lower": found.lower.statistic,
        "p_lower": found.lower.p,
        "t_upper": found.upper.statistic,
        "p_upper": found.upper.p,
        "df": found.lower.df,
        "ci90_low": found.interval.low,
        "ci90_high": found.interval.high,
        "equivalent_at_05": found.is_equivalent,
    }


def nadeau_bengio(inputs: Values, options: Values) -> Values:
    ratio, rope = inputs["test_over_train"], options.get("rope", 0.0)
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
