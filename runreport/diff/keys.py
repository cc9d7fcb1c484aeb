"""Which keys say nothing about a setting: seeds, run names, output folders, hosts, dates."""

import re
from collections.abc import Iterable
from fnmatch import translate

from runreport.model.keys import leaf


def matching_keys(names: Iterable[str], patterns: Iterable[str]) -> frozenset[str]:
    """Return the names that fit a pattern, by their full name or its last dotted or slashed part, without case.

    Patterns know ``*``, ``?`` and ``[...]`` as file names do.

    >>> sorted(matching_keys(["lr", "data.SEED", "paths/output_dir"], ["seed", "*output_dir*"]))
    ['data.SEED', 'paths/output_dir']
    """
    alternatives = "|".join(translate(pattern.casefold()) for pattern in patterns)
    if not alternatives:
        return frozenset()
    expression = re.compile(alternatives)
    return frozenset(name for name in names if expression.match(name.casefold()) or expression.match(leaf(name)))
