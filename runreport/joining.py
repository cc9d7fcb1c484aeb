"""Which logs belong to one run, by the folders they lie in.

Logs that different readers find in one folder are one run; the surest reader gives it its identity. Folders that are
named after the tool which writes there count as the folder they lie in, and all logs of one process are one run when
each reader finds one. Some logs own all that lies below their folder, and some only add settings to the runs there
(see :class:`runreport.readers.base.Joining`).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from runreport.names import content_hash
from runreport.readers.base import Certainty, Joining, Source

_FINGERPRINT_LENGTH = 32
_TOOL_FOLDERS = frozenset(
    f"{tool}{ending}"
    for tool in ("csv", "tb", "tensorboard", "tfevents", "wandb")
    for ending in ("", "log", "logs", "_log", "_logs", "-log", "-logs")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One log of a run: who reads it, and how sure that reader is."""

    reader_name: str
    certainty: Certainty
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """All logs of one run, the one that gives it its identity first.

    ``shares_layer`` says that the nearest layer over the run lies over other runs as well. ``withheld_from`` counts the
    runs below a job that did not get its settings, because nothing says which of them it was.
    """

    parts: tuple[Part, ...]
    shares_layer: bool = False
    withheld_from: int = 0

    @property
    def run_id(self) -> str:
        """The identity of the run."""
        return self.parts[0].source.run_id

    @property
    def part_ids(self) -> tuple[str, ...]:
        """The ids that its logs have by themselves, without its own and those of settings."""
        return tuple(part.source.run_id for part in self.parts[1:] if not part.source.joining.is_layer)

    @property
    def path(self) -> str:
        """Where its first log lies."""
        return self.parts[0].source.path

    @property
    def fingerprint(self) -> str:
        """Changes whenever one of the logs changes."""
        if len(self.parts) == 1:
            return self.parts[0].source.fingerprint
        stamps = [text for part in self.parts for text in (part.reader_name, part.source.fingerprint)]
        return content_hash(*stamps, *(["shared"] if self.shares_layer else []), length=_FINGERPRINT_LENGTH)

    @property
    def size_bytes(self) -> int:
        """How much there is to read."""
        return sum(part.source.size_bytes for part in self.parts)


def joints(parts: Iterable[Part]) -> tuple[Joint, ...]:
    """Return the runs that the logs below one root make up, in the order in which the logs were found.

    A folder in which one reader finds several runs is not a run, so nothing in it is joined.
    """
    found = list(parts)
    layers = [part for part in found if part.source.joining.is_layer]
    jobs = {part.source.path for part in layers if _is(part, Joining.JOB)}
    groups = _by_folder(found)
    groups = _united(groups, _without_tool)
    groups = _united(groups, lambda folder: _nearest(folder, jobs))
    group_of = {id(part): group for group in groups for part in group}
    return tuple(_with_layers(_in_order(found, group_of), layers))


def _by_folder(found: Iterable[Part]) -> list[list[Part]]:
    """Return the logs of each folder, or of each folder with an owner; those of several runs one by one."""
    by_folder: dict[str, list[Part]] = defaultdict(list)
    for part in found:
        if part.source.joining in (Joining.FOLDER, Joining.BENEATH):
            by_folder[part.source.path].append(part)
    owners = {part.source.path: part.source for own in by_folder.values() for part in own if _is(part, Joining.BENEATH)}
    merged: dict[str, list[Part]] = defaultdict(list)
    for folder, own in by_folder.items():
        merged[_owner(folder, owners)] += own
    return [
        portion
        for group in merged.values()
        for portion in ([group] if _is_one_run(group) else [[part] for part in group])
    ]


def _united(groups: Sequence[list[Part]], place_of: Callable[[str], str | None]) -> list[list[Part]]:
    """Put groups of the same place together where no reader has logs in two of them; None is no place."""
    at_place: dict[str, list[list[Part]]] = defaultdict(list)
    united: list[list[Part]] = []
    for group in groups:
        place = place_of(_at_work(min(group, key=_rank).source))
        if place is None:
            united.append(group)
        else:
            at_place[place].append(group)
    for own in at_place.values():
        names = [name for group in own for name in {part.reader_name for part in group}]
        united += [[part for group in own for part in group]] if len(set(names)) == len(names) else own
    return united


def _at_work(source: Source) -> str:
    """Return the folder in which the process of a log was at work, as far as its reader knows it."""
    return source.path if source.beside is None else source.beside


def _without_tool(folder: str) -> str:
    """Return a path without the folders that are named after the tool which logs there.

    >>> _without_tool("exp/tb_logs/version_0"), _without_tool("exp/csv/version_0"), _without_tool("tb")
    ('exp/version_0', 'exp/version_0', '')
    """
    return "/".join(name for name in folder.split("/") if name.lower() not in _TOOL_FOLDERS)


def _nearest(folder: str, places: AbstractSet[str]) -> str | None:
    """Return the nearest of some folders that is, or holds, a folder."""
    return next((above for above in _upwards(folder) if above in places), None) if places else None


def _is(part: Part, joining: Joining) -> bool:
    return part.source.joining is joining


def _is_one_run(group: Sequence[Part]) -> bool:
    """Say whether logs belong together: an owner of the folder, or one log of each reader."""
    names = [part.reader_name for part in group]
    return any(_is(part, Joining.BENEATH) for part in group) or len(set(names)) == len(names)


def _owner(folder: str, owners: Mapping[str, Source]) -> str:
    """Return the nearest folder whose run owns ``folder``, be it that very folder; ``folder`` when there is none."""
    above = next((above for above in _upwards(folder) if above in owners), folder)
    if above == folder or not owners[above].owns:
        return above
    below = folder.removeprefix(f"{above}/").split("/")[0]
    return above if below in owners[above].owns else folder


def _upwards(folder: str) -> list[str]:
    """Return a folder and those it lies in, the root last."""
    names = folder.split("/") if folder else []
    return ["/".join(names[:depth]) for depth in range(len(names), -1, -1)]


def _in_order(found: Sequence[Part], groups: Mapping[int, list[Part]]) -> list[list[Part]]:
    seen: set[int] = set()
    runs: list[list[Part]] = []
    for part in found:
        if id(part) in seen or part.source.joining.is_layer:
            continue
        group = groups.get(id(part), [part])
        seen |= set(map(id, group))
        runs.append(sorted(group, key=_rank))
    return runs


def _rank(part: Part) -> tuple[bool, int, int, str]:
    depth = part.source.path.count("/")
    return not _is(part, Joining.BENEATH), -part.certainty, depth, part.reader_name


def _with_layers(runs: list[list[Part]], layers: Sequence[Part]) -> Iterator[Joint]:
    """Give every run the layers of its folders and above, the nearest first; yield layers of no run as runs."""
    by_folder: dict[str, list[Part]] = defaultdict(list)
    for layer in layers:
        by_folder[layer.source.path].append(layer)
    for own in by_folder.values():
        own.sort(key=_rank)
    over = [_over(run, by_folder) for run in runs]
    below = Counter(layer.source.run_id for found in over for layer in found if _is(layer, Joining.LAST_JOB))
    withheld = {run_id: count for run_id, count in below.items() if count > 1}
    over = [[layer for layer in found if layer.source.run_id not in withheld] for found in over]
    nearest = Counter(found[0].source.path for found in over if found)
    for run, found in zip(runs, over, strict=True):
        shares_layer = bool(found) and nearest[found[0].source.path] > 1
        yield Joint(parts=(*run, *found), shares_layer=shares_layer)
    used = {layer.source.path for found in over for layer in found}
    for folder in _lowest(by_folder.keys() - used):
        found = _layers_of(folder, by_folder)
        yield Joint(parts=tuple(found), withheld_from=withheld.get(found[0].source.run_id, 0))


def _over(run: Sequence[Part], layers: Mapping[str, list[Part]]) -> list[Part]:
    """Return the layers over the logs of a run, each once."""
    folders = dict.fromkeys(_folder(part.source) for part in run)
    return list({id(layer): layer for folder in folders for layer in _layers_of(folder, layers)}.values())


def _folder(source: Source) -> str:
    return source.path.rpartition("/")[0] if source.path in source.files else source.path


def _layers_of(folder: str, layers: Mapping[str, list[Part]]) -> list[Part]:
    """Return the layers of a folder and above, the nearest first, but of all jobs only the nearest."""
    found: list[Part] = []
    for layer in (layer for above in _upwards(folder) if above in layers for layer in layers[above]):
        is_job = not _is(layer, Joining.LAYER)
        if not is_job or all(_is(kept, Joining.LAYER) for kept in found):
            found.append(layer)
    return found


def _lowest(folders: AbstractSet[str]) -> list[str]:
    """Return the folders that hold no other of them, sorted."""
    above = {holder for folder in folders for holder in _upwards(folder)[1:]}
    return sorted(folders - above)
