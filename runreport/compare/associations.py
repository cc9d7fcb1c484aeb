"""How the params of a sweep go along with its metric, and whether several groups differ at all."""

from collections.abc import Mapping, Sequence

from runreport.compare.comparison import Sweep
from runreport.compare.entities import MetricDefinition, Sample
from runreport.compare.samples import independent_values
from runreport.compare.words import format_p
from runreport.frames.values import RunFacts
from runreport.stats.association import Associations, associations
from runreport.stats.groups import Omnibus, welch_anova
from runreport.stats.words import counted

ADAPTIVE_SAMPLERS = ("tpe", "gp", "cmaes", "cma-es", "bayes", "bohb", "nsga")
"""Parts of the names of samplers that choose later runs by earlier ones; others draw or list them beforehand."""

_SAMPLER_WORDS = ("sampler", "search_alg", "searcher", "method")
_FEWEST_GROUPS = 3
_FEWEST_RUNS = 2


def sweep_associations(sweep: Sweep | None, runs: Mapping[str, RunFacts], level: float) -> Associations | None:
    """Return how each varied param goes along with the metric of a sweep, over the runs that have a finite value.

    A param is numeric when every run has a number for it, else its texts are categories; params that some run lacks
    are left out. None without a sweep of at least 2 such runs.
    """
    ranked = [(runs[row.run_id], row.value) for row in sweep.rows if row.value is not None] if sweep else []
    if sweep is None or len(ranked) < _FEWEST_RUNS:
        return None
    settings: dict[str, Sequence[float] | Sequence[str]] = {}
    for param in sweep.params:
        found = [facts.params.get(param) for facts, _ in ranked]
        known = [one for one in found if one is not None]
        if len(known) < len(ranked):
            continue
        values = [one.number for one in known if one.number is not None]
        settings[param] = values if len(values) == len(known) else [one.value for one in known]
    is_adaptive = any(_is_adaptive(facts) for facts, _ in ranked)
    return associations(settings, [value for _, value in ranked], level=level, is_adaptive=is_adaptive)


def _is_adaptive(facts: RunFacts) -> bool:
    """Say whether a run comes from Optuna, whose default learns from earlier runs, or names a sampler that does."""
    if facts.run.reader == "optuna":
        return True
    named = [(name, one.value) for name, one in facts.params.items()]
    named += [(name, one.value) for name, one in facts.tags.items()]
    return any(
        any(word in name.casefold() for word in _SAMPLER_WORDS)
        and any(sampler in value.casefold() for sampler in ADAPTIVE_SAMPLERS)
        for name, value in named
    )


def differ_at_all(metric: MetricDefinition | None, samples: Sequence[Sample]) -> str:
    """Return in a sentence whether three or more groups differ at all by Welch's ANOVA; empty where it cannot be said.

    It is only the header of the comparisons: which groups differ is what these say.
    """
    repeated = {one.group_id: independent_values(one) for one in samples if one.description.n >= _FEWEST_RUNS}
    if metric is None or len(repeated) < _FEWEST_GROUPS:
        return ""
    found = welch_anova(repeated)
    if not isinstance(found, Omnibus):
        return ""
    return (
        f"Do the {counted(len(repeated), 'group')} differ at all on {metric.metric}? Welch's ANOVA gives "
        f"p {format_p(found.p)}; which ones differ is in the comparisons."
    )
