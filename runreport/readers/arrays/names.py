"""What the names of files of curves say: whose curve it is, of which seed, and of which metric."""

import os
import re
from dataclasses import dataclass

from runreport.readers.common.naming import STEM_PARAM

_WORDS = frozenset(
    [
        "acc",
        "accuracies",
        "accuracy",
        "auc",
        "cost",
        "curve",
        "error",
        "errors",
        "eval",
        "evals",
        "evaluation",
        "evaluations",
        "f1",
        "history",
        "length",
        "lengths",
        "loss",
        "losses",
        "lr",
        "mae",
        "metric",
        "metrics",
        "mse",
        "perplexity",
        "ppl",
        "progress",
        "result",
        "results",
        "return",
        "returns",
        "reward",
        "rewards",
        "rmse",
        "score",
        "scores",
        "success",
    ]
)
_PARTS = frozenset(
    [
        "avg",
        "best",
        "dev",
        "ep",
        "episode",
        "episodic",
        "final",
        "max",
        "mean",
        "min",
        "std",
        "test",
        "train",
        "training",
        "val",
        "valid",
    ]
)
_SEED = re.compile(r"(?P<rest>.*?)[-_.](?:seed|s)?[-_=]?(?P<seed>[0-9]{1,6})", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"[A-Za-z][A-Za-z0-9]*-v[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveName:
    """What the name of a file says: whose curve it is, of which seed, and of which metric (empty: none is named).

    >>> name_of("TD3_HalfCheetah-v1_0")
    CurveName(base='TD3_HalfCheetah-v1', seed=0, metric='')
    >>> name_of("sac_eval_return")
    CurveName(base='sac', seed=None, metric='eval_return')
    """

    base: str
    seed: int | None
    metric: str


def name_of(stem: str) -> CurveName:
    """Return what a file name without its suffix says."""
    found = _SEED.fullmatch(stem)
    rest, seed = (found["rest"], int(found["seed"])) if found else (stem, None)
    tokens = rest.split("_")
    first = len(tokens)
    while first and tokens[first - 1].casefold() in _WORDS | _PARTS:
        first -= 1
    metric = tokens[first:]
    if not any(token.casefold() in _WORDS for token in metric):
        return CurveName(base=rest, seed=seed, metric="")
    return CurveName(base="_".join(tokens[:first]), seed=seed, metric="_".join(metric))


def named_params(shown: CurveName) -> dict[str, str]:
    """Return method and environment where a file is named after both, else the name without the seed."""
    tokens = shown.base.split("_")
    environment = next((token for token in tokens if _ENVIRONMENT.fullmatch(token)), None)
    if environment is None:
        return {STEM_PARAM: shown.base} if shown.base and shown.seed is not None else {}
    method = "_".join(token for token in tokens if token != environment)
    return {**({"method": method} if method else {}), "env": environment}


def stem_of(name: str) -> str:
    """Return the name of a file without folder and suffix."""
    return os.path.splitext(name.rpartition("/")[2])[0]  # noqa: PTH122 - names are texts here
