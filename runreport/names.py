"""Vocabularies shared by every layer, and how names are ordered and turned into file names."""

import hashlib
import re
import unicodedata
from enum import StrEnum


class RunStatus(StrEnum):
    """How a run ended, as far as its log says."""

    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    RUNNING = "running"
    UNKNOWN = "unknown"


COMPARABLE_STATUSES = frozenset({RunStatus.FINISHED, RunStatus.UNKNOWN})
"""Runs that may enter a mean. Many formats record no status at all, so unknown is let in and marked."""


class ParamKind(StrEnum):
    """The type of value a param's text stands for."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    NONE = "none"
    TEXT = "text"
    LIST = "list"
    MAP = "map"


class Direction(StrEnum):
    """Which way a metric improves."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class DirectionSource(StrEnum):
    """Who said which way a metric improves."""

    CONFIG = "config"
    LOG = "log"
    INFERRED = "inferred"
    NONE = "none"


class Reduction(StrEnum):
    """How the points of one run become the single value that is compared."""

    LAST = "last"
    BEST = "best"
    MIN = "min"
    MAX = "max"
    TAIL_MEAN = "tail_mean"


class Relation(StrEnum):
    """What a lineage edge says about its two ends."""

    USED = "used"
    PRODUCED = "produced"
    DERIVED = "derived"
    RESUMED = "resumed"
    CHILD = "child"
    REGISTERED = "registered"


class ModelKind(StrEnum):
    """What a model is: one that a run logged, or a version in a registry."""

    LOGGED = "logged"
    REGISTERED = "registered"


class Severity(StrEnum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Verdict(StrEnum):
    """The words in which a contrast is summed up.

    There is deliberately no word for "the same": equivalent is said only within a margin that was set beforehand.
    """

    BETTER = "better"
    WORSE = "worse"
    HIGHER = "higher"
    LOWER = "lower"
    EQUIVALENT = "equivalent"
    NO_CLEAR_DIFFERENCE = "no clear difference"
    CANNOT_TELL = "cannot tell"


_DIGITS = re.compile(r"(\d+)")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 40
_HASH_LENGTH = 8


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which ``run2`` comes before ``run10``.

    >>> sorted(["run10", "run2", "Run1"], key=natural_key)
    ['Run1', 'run2', 'run10']
    """
    pieces = _DIGITS.split(text.casefold())
    return tuple(
        (0, int(piece), piece) if piece.isdecimal() and piece.isascii() else (1, 0, piece) for piece in pieces if piece
    )


def content_hash(*parts: str, length: int = _HASH_LENGTH) -> str:
    """Return the first ``length`` hex digits of the SHA-256 of the parts (none may run into the next)."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    framed = b"".join([piece for part in encoded for piece in (len(part).to_bytes(8, "little"), part)])
    return hashlib.sha256(framed).hexdigest()[:length]


def slug(text: str) -> str:
    """Return a lower-case ASCII name made of letters, digits and hyphens; it may be empty.

    >>> slug("Val/Acc (top-1)")
    'val-acc-top-1'
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_SLUG.sub("-", ascii_text.casefold()).strip("-")[:_SLUG_LENGTH].strip("-")


def file_name(text: str, *identity: str) -> str:
    """Return a file name without suffix that is readable, safe on every system and unique to its identity.

    Names come from logs, so the readable part is only a slug and the hash tells two names apart.
    """
    readable = slug(text)
    digest = content_hash(text, *identity)
    return f"{readable}-{digest}" if readable else digest
