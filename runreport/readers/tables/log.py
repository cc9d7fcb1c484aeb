"""The log of one run of a table: its name, params, tags and status from columns, settings and path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from runreport.config.options import SEED_NAMES
from runreport.model import keys
from runreport.model.entities import CodeVersion, Param, Run, RunLog, Tag
from runreport.names import RunStatus
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.common.naming import STEM_PARAM, PathName, name_by_path
from runreport.readers.tables.run_keys import RunFacts
from runreport.readers.tables.sidecar import Described
from runreport.readers.tables.units import is_known


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which reader made a log, and the key of its run in a file of many (else empty)."""

    reader: str
    version: str
    key: str = ""


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
    path = path_name(location, source)
    params = _params(source.run_id, path, facts, described.params)
    run = Run(
        run_id=source.run_id,
        experiment=path.experiment,
        name=_text(described, "name") or _name(path, facts, origin),
        source_id=f"{location.label}/{source.path}{source.handle}",
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


def _params(run_id: str, path: PathName, facts: RunFacts | None, settings: Mapping[str, str]) -> tuple[Param, ...]:
    values = {**(facts.constants if facts else {}), **settings}
    if facts and facts.seed is not None and facts.seed_column:
        values.setdefault(facts.seed_column, str(facts.seed))
    if all(keys.leaf(name) in SEED_NAMES for name in values):
        values[STEM_PARAM] = path.stem
    return tuple(keys.param(run_id, name, value) for name, value in values.items())


def _seed(params: tuple[Param, ...], path: PathName, facts: RunFacts | None) -> int | None:
    if facts and facts.seed is not None:
        return facts.seed
    return None if keys.find_seed(params, SEED_NAMES) is not None else path.seed


def _name(path: PathName, facts: RunFacts | None, origin: Origin) -> str:
    if facts and facts.name:
        return facts.name
    if not origin.key:
        return path.name
    return f"{path.name} {origin.key}" if "=" in origin.key else origin.key


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
