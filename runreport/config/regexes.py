"""Whether a regular expression from the settings can be used, and cannot hang on a line it does not fit."""

import re
import warnings

MAX_LENGTH = 1000
_MANY = 10  # a group that is repeated more often than this counts as repeated without end
_TOKEN = re.compile(
    r"""
    (?P<escape>\\.)
    | (?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])
    | (?P<open>\()
    | (?P<close>\))
    | (?P<choice>\|)
    | (?P<repeat>[*+]|\{\d*,?\d*\})
    """,
    re.VERBOSE | re.DOTALL,
)


def checked_regex(text: str) -> str:
    """Return a regular expression as it is.

    Raises:
        ValueError: it is none, is too long, or repeats a group that itself repeats or chooses: such a group may take
            longer than anyone waits on a line that it does not fit.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"it is longer than {MAX_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as problem:
        raise ValueError(f"it is no regular expression: {problem}") from None
    if _repeats_a_repeat(text):
        raise ValueError("it repeats a group that repeats or chooses itself, such as (a+)* or (a|b)*; write it without")
    return text


def checked_metric_regex(text: str) -> str:
    """Return a regular expression with named groups as it is.

    Raises:
        ValueError: see :func:`checked_regex`; or no group has a name, or ``metric`` (or ``param``) comes without ``value``
            or the other way round.
    """
    names = set(re.compile(checked_regex(text)).groupindex)
    if not names:
        raise ValueError("it has no named group, such as (?P<loss>[0-9.]+)")
    if bool(names & {"metric", "param"}) is not ("value" in names):
        raise ValueError("a group metric or param needs a group value beside it, and value one of them")
    return text


def _repeats_a_repeat(text: str) -> bool:
    """Say whether a group that holds a repeat or a choice is itself repeated."""
    inner = [False]
    closed: tuple[int, bool] | None = None  # where the last group ended, and whether it varies in length
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            inner.append(False)
        elif kind == "close" and len(inner) > 1:
            varies = inner.pop()
            inner[-1] |= varies
            closed = token.end(), varies
        elif kind == "choice":
            inner[-1] |= len(inner) > 1
        elif kind == "repeat" and _is_endless(token["repeat"]):
            if closed is not None and closed == (token.start(), True):
                return True
            inner[-1] = True
    return False


def _is_endless(repeat: str) -> bool:
    if repeat in "*+":
        return True
    most = repeat.strip("{}").rpartition(",")[2]
    return repeat != "{}" and (not most or int(most[:9]) > _MANY)
