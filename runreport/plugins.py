"""Entry-point lookup: which plugin comes from which distribution, and why one could not be loaded.

The built-ins are entry points of this distribution, so they come in by the same door as everybody else's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from itertools import groupby
from typing import Any

from runreport.names import Severity
from runreport.notices import Notice

READERS = "runreport.readers"
THEMES = "runreport.themes"
OWN_DISTRIBUTION = "runreport"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """One plugin that was imported. ``value`` is what its entry point names."""

    group: str
    name: str
    distribution: str
    version: str
    value: Any

    @property
    def is_own(self) -> bool:
        """Whether it comes with runreport itself."""
        return self.distribution == OWN_DISTRIBUTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """The plugins of a group by name, and what is to be said about those that did not load."""

    loaded: tuple[LoadedPlugin, ...]
    notices: tuple[Notice, ...] = ()


def names(group: str) -> tuple[str, ...]:
    """Return the names that are installed in a group, sorted, without importing anything."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def load(group: str, *, only: str | None = None) -> Plugins:
    """Import the plugins of a group, sorted by name; one that fails becomes a notice.

    Where several distributions give a plugin of the same name, one that is not runreport's own wins over it, and the
    alphabetically first distribution over the others; who lost is said in a notice.

    Args:
        group: the entry-point group, for example ``runreport.readers``.
        only: load no others than this name.
    """
    points = sorted(entry_points(group=group), key=_precedence)
    loaded: list[LoadedPlugin] = []
    notices: list[Notice] = []
    for name, rivals in groupby(points, key=lambda point: point.name):
        if only in (None, name):
            plugin, remarks = _first_loadable(group, _distinct(rivals))
            notices += remarks
            loaded += [plugin] if plugin else []
    return Plugins(loaded=tuple(loaded), notices=tuple(notices))


def failure(plugin: LoadedPlugin, reason: str) -> Notice:
    """Return the notice for a plugin that loads but cannot be used."""
    return _failure(plugin.group, plugin.name, f"{plugin.distribution} {plugin.version}", reason)


def _first_loadable(group: str, rivals: Sequence[EntryPoint]) -> tuple[LoadedPlugin | None, list[Notice]]:
    notices: list[Notice] = []
    for position, point in enumerate(rivals):
        try:
            value = point.load()
        except Exception as error:  # noqa: BLE001 - a plugin's import may raise anything, and must not stop the others
            notices.append(_failure(group, point.name, _origin(point), f"{type(error).__name__}: {error}"))
            continue
        distribution, version = _distribution(point)
        plugin = LoadedPlugin(group=group, name=point.name, distribution=distribution, version=version, value=value)
        return plugin, notices + [_shadowed(group, point, loser) for loser in rivals[position + 1 :]]
    return None, notices


def _distinct(points: Iterable[EntryPoint]) -> list[EntryPoint]:
    # The same distribution is seen twice when its folder is on the path twice.
    return list({(_distribution(point)[0], point.value): point for point in points}.values())


def _precedence(point: EntryPoint) -> tuple[str, bool, str, str]:
    distribution, version = _distribution(point)
    return point.name, distribution == OWN_DISTRIBUTION, distribution, version


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return _name_and_version(point.dist) if point.dist else ("", "")


@lru_cache(maxsize=64)
def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    return distribution.name, distribution.version  # each parses its metadata anew


def _origin(point: EntryPoint) -> str:
    return " ".join(_distribution(point)) or "an unknown distribution"


def _failure(group: str, name: str, origin: str, reason: str) -> Notice:
    return Notice(
        severity=Severity.WARNING,
        code="plugin-failed",
        location=f"{group}:{name}",
        message=f"The plugin {name!r} of {origin} was left out: {reason}",
        hint=f"Update or uninstall {origin}.",
    )


def _shadowed(group: str, winner: EntryPoint, loser: EntryPoint) -> Notice:
    own = _distribution(loser)[0] == OWN_DISTRIBUTION
    return Notice(
        severity=Severity.INFO if own else Severity.WARNING,
        code="plugin-replaced",
        location=f"{group}:{winner.name}",
        message=f"The plugin {winner.name!r} of {_origin(winner)} is used instead of that of {_origin(loser)}.",
    )
