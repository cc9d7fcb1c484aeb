"""Differences between groups of runs or single runs, section by section."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runreport.diff.keys import matching_keys
from runreport.diff.sections import IGNORED_TAGS, SECTIONS
from runreport.diff.values import Canonical, Diff, DiffCell, DiffRow, canonical
from runreport.frames.values import RunFacts
from runreport.names import natural_key


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of one key on one side: how many runs have each, and the text it was first logged with."""

    counts: Counter[Canonical] = field(default_factory=Counter)
    texts: dict[Canonical, str] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Count one run's text."""
        meaning = canonical(text)
        self.texts.setdefault(meaning, text)
        self.counts[meaning] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a difference in one section, read once and compared with many others."""

    name: str
    run_count: int
    keys: Mapping[str, _Values]


def read_side(name: str, runs: Sequence[RunFacts], section: str) -> Side:
    """Return what the runs of one side have in a section (params, tags, environment, code or datasets)."""
    keys: dict[str, _Values] = {}
    for run in runs:
        for key, text in SECTIONS[section](run).items():
            keys.setdefault(key, _Values()).add(text)
    return Side(name=name, run_count=len(runs), keys=keys)


def diff_sides(section: str, sides: Sequence[Side], ignore: Iterable[str] = ()) -> Diff:
    """Return the difference of two or more sides.

    The sides agree on a key when the same values occur on all, however often, and when runs lack it on all or on none.
    ``ignore`` are patterns of params and tags that are expected to differ: these keys are kept at the end with their
    true ``is_different``, but are left out of :attr:`Diff.different`, the list that is shown by default. The patterns
    mean nothing in the other sections, where ``*date*`` would hide a package.
    """
    names = frozenset(key for side in sides for key in side.keys)
    ignored = matching_keys(names, _patterns(section, ignore))
    ordered = sorted(names, key=lambda key: (key in ignored, natural_key(key), key))
    rows = tuple(_row(key, sides, is_ignored=key in ignored) for key in ordered)
    return Diff(section=section, sides=tuple(side.name for side in sides), rows=rows)


def _patterns(section: str, ignore: Iterable[str]) -> tuple[str, ...]:
    return {"params": tuple(ignore), "tags": (*ignore, *IGNORED_TAGS)}.get(section, ())


def _row(key: str, sides: Sequence[Side], *, is_ignored: bool) -> DiffRow:
    nothing = _Values()
    found = [side.keys.get(key, nothing) for side in sides]
    missing = [side.run_count - values.counts.total() for side, values in zip(sides, found, strict=True)]
    seen = {(frozenset(values.counts), lacking > 0) for values, lacking in zip(found, missing, strict=True)}
    cells = tuple(_cell(values, lacking) for values, lacking in zip(found, missing, strict=True))
    return DiffRow(key=key, cells=cells, is_different=len(seen) > 1, is_ignored=is_ignored)


def _cell(values: _Values, missing: int) -> DiffCell:
    listed = sorted(
        ((values.texts[meaning], count) for meaning, count in values.counts.items()),
        key=lambda entry: (natural_key(entry[0]), entry[0]),
    )
    return DiffCell(values=tuple(listed), missing=missing)
