"""The log of one run of a table: its name, params, tags and status from columns, settings and path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from runreport.config.options import SEED_NAMES
from runreport.model import keys
from runreport.model.entities import CodeVersion, Param, Run, RunLog, Tag
from runreport.names import RunStatus
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.common.naming import FOLDER_PARAM, STEM_PARAM, PathName, name_by_path
from runreport.readers.tables.run_keys import RunFacts
from runreport.readers.tables.sidecar import Described
from runreport.readers.tables.units import is_known


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a log was found.

    Attributes:
        reader: the name of the reader.
        version: its version.
        handle: what stands for the run in a file of many, else empty.
        key: the same as it is shown.
        is_crossed: folder and file name are two factors of an experiment.
        is_results: the file is a table of results, one row for each run: an experiment of its own.
    """

    reader: str
    version: str
    handle: str = ""
    key: str = ""
    is_crossed: bool = False
    is_results: bool = False


def run_log(  # noqa: PLR0913 - each is another source of what is known
    location: Location,
    source: Source,
    origin: Origin,
    *,
    facts: RunFacts | None,
    described: Described,
    first_time: datetime | None,
    notices: Iterable[Notice],
) -> RunLog:
    """Return what is known of a run. Settings win over columns, and both over what the path says."""
    path = _placed(path_name(location, source), location, origin)
    params = _params(source.run_id, path, facts, described.params, is_crossed=origin.is_crossed)
    run = Run(
        run_id=source.run_id,
        experiment=path.experiment,
        name=_text(described, "name") or _name(path, facts, origin),
        source_id=f"{location.label}/{source.path}{origin.handle}",
        path=source.path or ".",
        status=_status(described),
        started=_time(described, "started") or first_time,
        ended=_time(described, "ended"),
        seed=_seed(params, path, facts),
        user=_text(described, "user"),
        host=_text(described, "host"),
        reader=origin.reader,
        reader_version=origin.version,
        fingerprint=source.fingerprint,
        note=_text(described, "note"),
    )
    return RunLog(
        run=run,
        params=params,
        tags=tuple(Tag(run_id=run.run_id, tag=tag, value=value) for tag, value in described.tags.items()),
        code=_code(run.run_id, described.code),
        notices=tuple(notices),
    )


def path_name(location: Location, source: Source) -> PathName:
    """Return what the path says: of the folder for a file named as loggers do, else of the file without suffix."""
    path = PurePosixPath(source.path)
    if source.path not in source.files:
        return name_by_path(source.path, location.label)
    named = path.parent if is_known(path.name) else path.with_suffix("")
    return name_by_path("" if str(named) == "." else str(named), location.label)


def _placed(path: PathName, location: Location, origin: Origin) -> PathName:
    """Return what a path says where its folder is no experiment, or its file is one."""
    if origin.is_results:
        whole = path.name if path.experiment == location.label else f"{path.experiment}/{path.name}"
        return replace(path, experiment=whole)
    if not origin.is_crossed:
        return path
    above, _, folder = path.experiment.rpartition("/")
    return replace(path, experiment=above or location.label, name=f"{folder}/{path.name}")


def _params(
    run_id: str, path: PathName, facts: RunFacts | None, settings: Mapping[str, str], *, is_crossed: bool
) -> tuple[Param, ...]:
    columns = facts.constants if facts else {}
    values = {**columns, **settings}
    if facts and facts.seed is not None and facts.seed_column:
        values.setdefault(facts.seed_column, str(facts.seed))
    # Numbers alone, such as the learning rate of a sweep, do not say which method they are of.
    if all(keys.leaf(name) in SEED_NAMES or _is_number(name, values, settings) for name in values):
        if is_crossed:
            values[FOLDER_PARAM] = path.name.partition("/")[0]
        values[STEM_PARAM] = path.stem
    return tuple(keys.param(run_id, name, value) for name, value in values.items())


def _is_number(name: str, values: Mapping[str, str], settings: Mapping[str, str]) -> bool:
    return name not in settings and keys.param_kind(values[name])[1] is not None


def _seed(params: tuple[Param, ...], path: PathName, facts: RunFacts | None) -> int | None:
    if facts and facts.seed is not None:
        return facts.seed
    return None if keys.find_seed(params, SEED_NAMES) is not None else path.seed


def _name(path: PathName, facts: RunFacts | None, origin: Origin) -> str:
    if facts and facts.name:
        return facts.name
    if not origin.key:
        return path.name
    return f"{path.name} {origin.key}" if "=" in origin.key and not origin.is_results else origin.key


def _status(described: Described) -> RunStatus:
    status = described.facts.get("status")
    return status if isinstance(status, RunStatus) else RunStatus.UNKNOWN


def _text(described: Described, fact: str) -> str | None:
    value = described.facts.get(fact)
    return value if isinstance(value, str) else None


def _time(described: Described, fact: str) -> datetime | None:
    value = described.facts.get(fact)
    return value if isinstance(value, datetime) else None


def _code(run_id: str, code: Mapping[str, str]) -> CodeVersion | None:
    if not code:
        return None
    return CodeVersion(
        run_id=run_id, vcs="git", commit=code.get("commit"), branch=code.get("branch"), repo_url=code.get("repo_url")
    )
