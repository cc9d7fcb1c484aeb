"""Vectors on several groups of runs on one task."""

import math
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from runreport.stats.groups import Contrast, Contrasts, Omnibus, pairwise_welch, welch_against, welch_anova
from runreport.stats.rank_groups import dunn, kruskal_wallis
from runreport.stats.simultaneous import dunnett, games_howell, tukey
from tests.known_answers.answers import alternative_of, answered, level_of
from tests.known_answers.runner import Method, Values

Groups = dict[str, list[float]]


def of_groups(fields: Callable[[Groups, Values], Values]) -> Method:
    """Hand a method the groups, and all other values as options."""

    def method(inputs: Values, options: Values) -> Values:
        groups = {name: values for name, values in inputs.items() if isinstance(values, list)}
        return fields(groups, {**inputs, **options})

    return method


def number(value: float | None) -> float:
    return math.nan if value is None else value


def _baseline(groups: Groups, options: Values) -> str:
    named = options.get("baseline", options.get("control"))
    return named if isinstance(named, str) else next(iter(groups))


def _welch_anova(groups: Groups, _options: Values) -> Values:
    test: Omnibus = answered(welch_anova(groups))
    return {"F": test.statistic, "df1": test.df, "df2": test.df_error, "p": test.p, "untested": test.untested}


def _games_howell(groups: Groups, options: Values) -> Values:
    contrasts: Contrasts = answered(games_howell(groups, level=level_of({}, options)))
    return {"pairs": [_pair(one) for one in contrasts.contrasts], "untested": contrasts.untested}


def _pair(contrast: Contrast) -> dict[str, Any]:
    return {
        "a": contrast.a,
        "b": contrast.b,
        "diff": contrast.difference,
        "se": contrast.standard_error,
        "t": contrast.statistic,
        "df": contrast.df,
        "p": contrast.p_simultaneous,
        "ci_low": contrast.interval and contrast.interval.low,
        "ci_high": contrast.interval and contrast.interval.high,
    }


def _kruskal_wallis(groups: Groups, _options: Values) -> Values:
    test: Omnibus = answered(kruskal_wallis(groups))
    return {"H": test.statistic, "p": test.p, "epsilon_sq": test.epsilon_squared, "df": test.df}


def _dunn_holm(groups: Groups, _options: Values) -> Values:
    contrasts: Contrasts = answered(dunn(groups))
    return {f"{one.a}|{one.b}": number(one.p_holm) for one in contrasts.contrasts}


def _pairwise_welch(groups: Groups, _options: Values) -> Values:
    contrasts: Contrasts = answered(pairwise_welch(groups))
    return {"pairs": [f"{one.a}|{one.b}" for one in contrasts.contrasts], **_adjusted(contrasts)}


def _baseline_welch(groups: Groups, options: Values) -> Values:
    baseline = _baseline(groups, options)
    contrasts: Contrasts = answered(welch_against(groups, baseline))
    return {"baseline": baseline, "vs": [one.a for one in contrasts.contrasts], **_adjusted(contrasts)}


def _adjusted(contrasts: Contrasts) -> dict[str, Any]:
    return {
        "raw": [number(one.p) for one in contrasts.contrasts],
        "holm": [number(one.p_holm) for one in contrasts.contrasts],
        "bh": [number(one.p_bh) for one in contrasts.contrasts],
        "n_tests": contrasts.family,
        "untested": contrasts.untested,
    }


def _dunnett(groups: Groups, options: Values) -> Values:
    baseline = _baseline(groups, options)
    contrasts: Contrasts = answered(dunnett(groups, baseline, alternative=alternative_of({}, options)))
    return {
        "baseline": baseline,
        "vs": [one.a for one in contrasts.contrasts],
        "stat": [one.statistic for one in contrasts.contrasts],
        "p": [one.p_simultaneous for one in contrasts.contrasts],
    }


def _tukey(groups: Groups, _options: Values) -> Values:
    contrasts: Contrasts = answered(tukey(groups))
    p = {frozenset((one.a, one.b)): one.p_simultaneous for one in contrasts.contrasts}
    names = [name for name in groups if name not in contrasts.untested]
    assert set(p) == {frozenset(pair) for pair in combinations(names, 2)}
    return {"p": [[p.get(frozenset((a, b)), 1.0) for b in names] for a in names]}


METHODS: Mapping[str, Method] = {
    "welch_anova": of_groups(_welch_anova),
    "games_howell": of_groups(_games_howell),
    "kruskal_wallis": of_groups(_kruskal_wallis),
    "dunn_holm": of_groups(_dunn_holm),
    "pairwise_welch_holm": of_groups(_pairwise_welch),
    "baseline_welch_holm": of_groups(_baseline_welch),
    "dunnett_vs_baseline": of_groups(_dunnett),
    "tukey_hsd": of_groups(_tukey),
}
