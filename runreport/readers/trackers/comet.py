"""Offline experiments of Comet: a zip archive, or a folder while it was not closed, read without Comet.

The archive holds ``experiment.json`` and ``messages.json``, a JSON object per line as ``comet_ml/messages.py`` defines
them, and the uploaded files under made-up names.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from runreport.formats.documents import number
from runreport.formats.files import list_folder
from runreport.formats.times import moment
from runreport.model.entities import RunBatch
from runreport.names import RunStatus
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of, tag_values
from runreport.readers.common.series import RunPoints
from runreport.readers.common.words import no_end
from runreport.readers.trackers import bundles
from runreport.readers.trackers.comet_messages import Messages
from runreport.readers.trackers.common import Findings, join

_EXPERIMENT, _MESSAGES = "experiment.json", "messages.json"
_MEMBERS = (_EXPERIMENT, _MESSAGES)
_HIDDEN = ".cometml-runs"
_MILLISECONDS = 1_000


class CometReader:
    """Reads Comet's offline experiments."""

    name: ClassVar[str] = "comet"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Comet offline experiments: zip archive or folder with `experiment.json` and `messages.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim archives of experiments, those in the hidden folder of the client included, and unpacked ones."""
        if set(_MEMBERS) <= set(location.files):
            return Match(
                certainty=Certainty.SURE,
                reason="experiment.json and messages.json are those of an offline experiment of Comet",
                takes=frozenset(_MEMBERS),
            )
        names = [*location.files]
        if _HIDDEN in location.folders:
            hidden = list_folder(location.root, location.child(_HIDDEN))
            names += [join(_HIDDEN, file.path) for file in hidden.files]
        own = bundles.archives_with(location, names, _MEMBERS)
        if not own:
            return None
        reason = f"{own[0]} holds an offline experiment of Comet"
        return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(own))

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the run of a folder, or one for each archive, known by Comet's own key."""
        takes = match.takes or frozenset()
        if _EXPERIMENT in takes:
            return Scan(sources=(_source(location, location.relative, [*map(location.child, _MEMBERS)]),))
        found = [_source(location, location.child(name), [location.child(name)]) for name in sorted(takes)]
        sources, notices = bundles.without_copies(found)
        return Scan(sources=sources, notices=notices)

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        yield from read_each(self, location, sources, _read_run)


def _source(location: Location, path: str, files: Sequence[str]) -> Source:
    identity = bundles.own_id(location, path, _EXPERIMENT, "offline_id")
    return source_of(location, CometReader.name, path, files, source_id=identity)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    findings = Findings(source=source)
    with bundles.open_bundle(location, source.path) as bundle:
        experiment = bundles.document(bundle, _EXPERIMENT, findings)
        messages = Messages(source.run_id, points, findings)
        for message in bundles.values(bundle, _MESSAGES, findings):
            messages.add(message)
        artifacts = tuple(messages.artifacts(bundle))
    messages.tell_left_out()
    findings.tell_dropped(points)
    said = bundles.texts(experiment)
    error = said.get("customer_error_message")
    status = _status(experiment)
    tags = tag_values(tag for tag in experiment.get("tags") or [] if isinstance(tag, str))
    return RunFacts(
        experiment=said.get("project_name"),
        name=messages.name,
        status=status,
        started=_moment(experiment, "start_time"),
        ended=_moment(experiment, "stop_time"),
        user=messages.user,
        host=messages.host,
        note=error,
        params=messages.params,
        tags=tags | messages.tags | ({"workspace": said["workspace"]} if "workspace" in said else {}),
        environment=messages.environment,
        artifacts=artifacts,
        datasets=messages.datasets,
        edges=messages.edges,
        code=messages.code,
        notices=(*findings.notices, *no_end(status, source.path)),
    )


def _status(experiment: dict[str, Any]) -> RunStatus:
    """Return the status: Comet records the end of an experiment, and errors that it was told of."""
    if experiment.get("customer_error_reported") or experiment.get("customer_error_message"):
        return RunStatus.FAILED
    if not experiment:
        return RunStatus.UNKNOWN
    return RunStatus.FINISHED if experiment.get("stop_time") else RunStatus.RUNNING


def _moment(experiment: dict[str, Any], key: str) -> datetime | None:
    stamp = number(experiment.get(key))
    return None if stamp is None else moment(stamp / _MILLISECONDS)
