"""Which way a metric improves, guessed from its name, and the word for a clear difference."""

import re
from dataclasses import dataclass
from enum import IntEnum

from runreport.names import Direction, Verdict


class Kind(IntEnum):
    """What a metric measures, most worth comparing first."""

    QUALITY = 0
    LOSS = 1
    SCORE = 2
    COST = 3
    OTHER = 4


QUALITY_TERMS = (
    "accuracy",
    "acc",
    "f1",
    "auc",
    "auroc",
    "auprc",
    "map",
    "ap",
    "return",
    "reward",
    "success",
    "bleu",
    "rouge",
    "iou",
    "dice",
    "psnr",
    "ssim",
    "ndcg",
    "mrr",
    "r2",
    "precision",
    "recall",
)
LOSS_TERMS = (
    "loss",
    "losses",
    "nll",
    "perplexity",
    "ppl",
    "error",
    "err",
    "wer",
    "cer",
    "fid",
    "rmse",
    "mse",
    "mae",
    "regret",
)
COST_TERMS = (
    "time",
    "latency",
    "duration",
    "seconds",
    "second",
    "sec",
    "secs",
    "runtime",
    "memory",
    "mem",
)
_SCORES = ("score",)  # credit scores go up, Brier scores down: alone it has no direction
_NEUTRAL_TERMS = frozenset(
    [
        "lr",
        "step",
        "epoch",
        "iteration",
        "iter",
        "grad",
        "gradient",
        "norm",
        "std",
        "var",
        "variance",
        "count",
        "num",
        "ratio",
        "scale",
        "weight",
        "size",
        "length",
        "learning",
        "timestep",
        "timestamp",
    ]
)
_PER_SECOND = re.compile(
    r"(^|[^a-z])per[^a-z]*(s|sec|secs|second|seconds)([^a-z]|$)|throughput|(^|[^a-z])fps([^a-z]|$)"
)
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a metric's name tells: kind, direction, how well known the term is (0: best) and the words of the name."""

    kind: Kind
    direction: Direction
    rank: int
    words: tuple[str, ...]


def words_of(metric: str) -> tuple[str, ...]:
    """Return the words of a metric's name in lower case, split at signs and at capitals.

    >>> words_of("valTop1Acc/mean_F1"), words_of("test/mAP@50")
    (('val', 'top1', 'acc', 'mean', 'f1'), ('test', 'map', '50'))
    """
    whole = re.split(r"[^A-Za-z0-9]+", metric)
    pieces = (part if part == "mAP" else _WORD_START.sub(" ", part) for part in whole)
    return tuple(word for word in _NOT_WORD.split(" ".join(pieces).casefold()) if word)


def guess(metric: str) -> Guess:
    """Return what a metric's name tells about its kind and direction.

    Words of a schedule or a spread (lr, step, grad norm, std) and words that contradict each other tell nothing. A
    score of nothing known (``f1_score`` is known) is a measure without a direction.

    >>> guess("val/acc").direction, guess("train/loss").direction, guess("learning_rate").direction
    (<Direction.UP: 'up'>, <Direction.DOWN: 'down'>, <Direction.UNKNOWN: 'unknown'>)
    """
    words = words_of(metric)
    if _PER_SECOND.search(metric.casefold()):
        return Guess(kind=Kind.COST, direction=Direction.UP, rank=0, words=words)
    found = {kind: rank for kind, terms in _TERMS.items() if (rank := _rank(words, terms)) is not None}
    is_neutral = any(_singular(word) in _NEUTRAL_TERMS for word in words)
    if not is_neutral and not found and _rank(words, _SCORES) is not None:
        return Guess(kind=Kind.SCORE, direction=Direction.UNKNOWN, rank=0, words=words)
    if is_neutral or not found or (Kind.QUALITY in found and len(found) > 1):
        return Guess(kind=Kind.OTHER, direction=Direction.UNKNOWN, rank=0, words=words)
    kind = min(found)
    direction = Direction.UP if kind is Kind.QUALITY else Direction.DOWN
    return Guess(kind=kind, direction=direction, rank=found[kind], words=words)


_TERMS = {Kind.QUALITY: QUALITY_TERMS, Kind.LOSS: LOSS_TERMS, Kind.COST: COST_TERMS}


def _rank(words: tuple[str, ...], terms: tuple[str, ...]) -> int | None:
    forms = [form for word in words for form in (word, word.rstrip("0123456789"), _singular(word))]
    ranks = [terms.index(form) for form in forms if form in terms]
    return min(ranks, default=None)


def _singular(word: str) -> str:
    return word.removesuffix("s") if not word.endswith("ss") else word


def verdict_word(delta: float, direction: Direction) -> Verdict:
    """Return the word for a clear difference; without a direction it is higher or lower."""
    if direction is Direction.UNKNOWN:
        return Verdict.HIGHER if delta > 0 else Verdict.LOWER
    return Verdict.BETTER if (delta > 0) is (direction is Direction.UP) else Verdict.WORSE
