"""Finding the group that a person named."""

import re
from collections.abc import Sequence

from runreport.compare.entities import Group
from runreport.diff.values import is_same
from runreport.errors import UnknownNameError

_SHOWN = 3
_BETWEEN_PAIRS = re.compile(r",\s*(?=[^\s,=][^,=]*=)")
_AFTER_COMMA = re.compile(r",\s+")


def matching_groups(groups: Sequence[Group], address: str) -> tuple[Group, ...]:
    """Return the groups an address means: those of that very name, else those with all its ``param=value`` pairs."""
    wanted = _AFTER_COMMA.sub(",", address.strip())
    named = tuple(group for group in groups if _AFTER_COMMA.sub(",", group.name) == wanted)
    if named:
        return named
    pairs = [pair.partition("=") for pair in _BETWEEN_PAIRS.split(address.strip())]
    if not all(separator for _, separator, _ in pairs):
        return ()
    settings = [(param.strip(), value.strip()) for param, _, value in pairs]
    return tuple(group for group in groups if all(is_same(group.params.get(param), value) for param, value in settings))


def find_group(groups: Sequence[Group], address: str) -> Group:
    """Return the one group that an address means.

    Raises:
        UnknownNameError: no group fits, or several do.
    """
    found = matching_groups(groups, address)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownNameError.near("group", address, (group.name for group in groups))
    sentence = f"{address!r} fits {len(found)} groups: {'; '.join(group.name for group in found[:_SHOWN])}."
    raise UnknownNameError(sentence, hint="Add a param that tells them apart.")
