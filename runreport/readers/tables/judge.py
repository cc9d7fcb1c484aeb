"""Whether a table is a run log at all, and what its columns are for, in plain words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runreport.config.options import SourceOptions
from runreport.readers.base import Certainty
from runreport.readers.tables.columns import Peek
from runreport.readers.tables.roles import Layout, Roles, folded_leaf, roles

KNOWN_STEMS = ("metrics", "progress", "history", "log", "results", "result", "scalars", "training_log")
"""File names (without suffix) that loggers give to the one table of a run's folder, preferred first."""

_RESULT_STEMS = frozenset(
    [
        "ablation",
        "benchmark",
        "benchmarks",
        "comparison",
        "eval",
        "evaluation",
        "finals",
        "final",
        "leaderboard",
        "metrics",
        "result",
        "results",
        "score",
        "scores",
        "summary",
        "sweep",
    ]
)
_RESULTS = frozenset(
    [
        "acc",
        "accuracy",
        "auc",
        "bleu",
        "cer",
        "err",
        "error",
        "f1",
        "fid",
        "iou",
        "latency",
        "loss",
        "mae",
        "map",
        "mse",
        "perplexity",
        "ppl",
        "precision",
        "psnr",
        "r2",
        "recall",
        "return",
        "reward",
        "rmse",
        "rouge",
        "score",
        "ssim",
        "success",
        "throughput",
        "top1",
        "top5",
        "wer",
    ]
)
_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a table is a run log: how sure (None: it is none), and why."""

    certainty: Certainty | None
    reason: str


def judge(peek: Peek, *, is_known: bool, stem: str = "", rule: SourceOptions | None = None) -> Judgement:
    """Say whether a table is a run log.

    A table is one when it has numbers and a step, run or seed column, when its file has a name that loggers use
    (``is_known``) and nothing but numbers in it, or when it is a table of results: one row for each model, method or
    the like, where the name of the file or of a column speaks of results. The user's ``rule`` may say so, too.
    """
    if not peek.names:
        return _empty_judgement(peek, is_known=is_known)
    found = roles(peek.names, rule)
    axis = _axis(found)
    metrics = metrics_of(found, peek)
    if rule is not None and (rule.reader or axis):
        return Judgement(certainty=Certainty.LIKELY, reason=f"{_told(found, metrics, axis)}; the settings say so")
    if peek.has_rows and not metrics and not peek.has_settings:
        return Judgement(certainty=None, reason="no column of numbers that could be a metric")
    if axis:
        is_likely = is_known or found.step is not None
        certainty = Certainty.LIKELY if is_likely else Certainty.POSSIBLE
        return Judgement(certainty=certainty, reason=_told(found, metrics, axis))
    return _without_axis(found, peek, metrics, is_known=is_known, stem=stem)


def _without_axis(found: Roles, peek: Peek, metrics: Sequence[str], *, is_known: bool, stem: str) -> Judgement:
    """Say whether a table without a step, run or seed column is a run log by its name, or one of results."""
    if is_known and (peek.has_settings or set(found.others) <= peek.numeric):
        told = _told(found, metrics, "rows are counted as steps")
        return Judgement(certainty=Certainty.LIKELY, reason=f"a name that loggers use; {told}")
    if keys := result_keys(found, peek, stem):
        return Judgement(certainty=Certainty.POSSIBLE, reason=_told(found, metrics, f"a run for each {keys} in a row"))
    return Judgement(certainty=None, reason="no step, run or seed column")


def metrics_of(found: Roles, peek: Peek) -> list[str]:
    """Return the columns that are metrics as far as the first rows show."""
    candidates = [found.value] if found.layout is Layout.LONG and found.value else found.others
    return [name for name in candidates if name in peek.numeric and found.may_be_metric(name)]


def result_keys(found: Roles, peek: Peek, stem: str) -> str:
    """Return the columns that tell the rows of a table of results apart, for a sentence; empty when it is none."""
    keys = [name for name in found.keys if name in peek.texts]
    if found.step or found.has_many_runs or found.layout is Layout.LONG or not keys or not _speaks(found, stem):
        return ""
    rows = list(zip(*(peek.texts[name] for name in (*keys, *found.settings) if name in peek.texts), strict=True))
    return " and ".join(map(repr, keys)) if len(set(rows)) == len(rows) else ""


def _speaks(found: Roles, stem: str) -> bool:
    words = {word for name in found.others for word in folded_leaf(name).replace(".", "_").split("_")}
    return bool(words & _RESULTS or set(stem.casefold().replace("-", "_").split("_")) & _RESULT_STEMS)


def _empty_judgement(peek: Peek, *, is_known: bool) -> Judgement:
    if is_known and not peek.has_rows:
        return Judgement(certainty=Certainty.POSSIBLE, reason="empty, with a name that loggers use")
    if peek.has_settings:
        return Judgement(certainty=Certainty.POSSIBLE, reason="settings and no metrics yet")
    return Judgement(certainty=None, reason=peek.reason or "no columns")


def _axis(found: Roles) -> str:
    """Return the columns by which rows are placed, in words; empty when there are none."""
    if found.layout is Layout.LONG and not (found.step or found.has_many_runs):
        return ""  # "name,value" alone may be anything
    named = {"step": found.step, "run": found.run, "seed": found.seed}
    parts = [f"{role} column {name!r}" for role, name in named.items() if name]
    return ", ".join(parts)


def _told(found: Roles, metrics: Sequence[str], axis: str) -> str:
    parts = [f"{found.layout}, {axis}"] if axis else [str(found.layout)]
    if found.layout is Layout.LONG:
        parts.append(f"metric column {found.metric!r}, value column {found.value!r}")
    elif metrics:
        parts.append(f"{'metric' if len(metrics) == 1 else 'metrics'} {_some(metrics)}")
    if found.params:
        parts.append(f"params {_some(found.params)}")
    return ", ".join(parts)


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    rest = len(listed) - _SHOWN
    return ", ".join(map(repr, listed[:_SHOWN])) + (f" and {rest} more" if rest > 0 else "")
