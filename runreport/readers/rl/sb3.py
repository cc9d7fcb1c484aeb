"""Folders of Stable-Baselines3 and its zoo: episodes, evaluations, the logger's rows and the settings.

A folder with monitor files, evaluations or a logger's file is one run. The zoo writes ``<algo>/<env>_<number>/`` and,
in a sub-folder named like the environment, ``args.yml`` and ``config.yml``; there the environment is the experiment.

- ``*monitor.csv``: each episode is a point of ``episode/reward`` and ``episode/length``; all environments are merged.
- ``evaluations.npz``: ``eval/mean_reward`` and its like, and every episode as a sample.
- ``progress.csv``, ``progress.json`` or ``log.txt``: one point per number, at the timesteps of its row.

Models and ``vecnormalize.pkl`` are listed as artifacts and never opened. Nothing says how a run ended.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.files import list_folder, media_type
from runreport.formats.times import moment
from runreport.model.entities import Artifact, RunBatch
from runreport.names import Direction, natural_key
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of, unreadable
from runreport.readers.common.series import RunPoints
from runreport.readers.rl import evaluations, progress, settings
from runreport.readers.rl.monitor import SUFFIX, MonitorFile, add_episodes, read_monitor

_PEEK_BYTES = 4096
_EVALUATIONS = (evaluations.FILE,)
_MODELS = (".zip", ".pkl")
_REWARDS = ("eval/mean_reward", "episode/reward")
_ALGORITHMS = re.compile(r"a2c|acer|acktr|ars|crossq|ddpg|dqn|gail|her|ppo[12]?|ppo_lstm|qrdqn|sac|td3|tqc|trpo")


class StableBaselinesReader:
    """Reads folders of Stable-Baselines3 and rl-zoo."""

    name: ClassVar[str] = "sb3"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Stable-Baselines3: `*monitor.csv`, `evaluations.npz`, `progress.csv`, `progress.json`, `log.txt`",
        "rl-zoo, RL Baselines3 Zoo: the same with `args.yml` and `config.yml`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the files of a folder whose first lines are those of the library."""
        sure = [name for name in location.files if name.endswith(SUFFIX) and _is_monitor(location, name)]
        sure += [name for name in progress.FILES if name in location.files and _is_progress(location, name)]
        likely = [name for name in _EVALUATIONS if name in location.files and _is_zip(location, name)]
        if not sure and not likely:
            return None
        own = [name for name in settings.FILES if name in location.files]
        folders = [name for name in location.folders if _settings_in(location, location.child(name))]
        certainty = Certainty.SURE if sure or folders else Certainty.LIKELY
        found = [*sure, *likely]
        return Match(
            certainty=certainty,
            reason=f"{found[0]} is a log of Stable-Baselines3",
            takes=frozenset({*found, *own}),
            folders=frozenset(folders),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        names = sorted(match.takes if match.takes is not None else location.files, key=natural_key)
        files = [location.child(name) for name in names]
        for name in sorted(match.folders):
            folder = location.child(name)
            files += [f"{folder}/{file}" for file in _settings_in(location, folder)]
        source = source_of(location, self.name, location.relative, files, joining=Joining.FOLDER)
        return Scan(sources=(source,))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    by_name = {PurePosixPath(file).name: file for file in source.files}
    monitors = _monitors(location, source, notices)
    add_episodes(monitors, points)
    if evaluations.FILE in by_name:
        _add_evaluations(location, source, by_name[evaluations.FILE], points, notices)
    logged = next((by_name[name] for name in progress.FILES if name in by_name), None)
    if logged is not None:
        try:
            notices += progress.add_progress(location.inside(logged), logged, points, _known(points))
        except (ReadError, OSError) as problem:
            notices.append(unreadable(source, problem, logged))
    params, env = _params(location, source, monitors, notices)
    starts = [start for monitor in monitors for start in monitor.starts]
    experiment, name = _zoo_names(source.path, params.get("algo"), env)
    return RunFacts(
        experiment=experiment,
        name=name,
        started=moment(min(starts)) if starts else None,
        params=params,
        directions={reward: Direction.UP for reward in _REWARDS if reward in points.metrics},
        primary=next((reward for reward in _REWARDS if reward in points.metrics), None),
        artifacts=_artifacts(location, source),
        notices=tuple(notices),
    )


def _monitors(location: Location, source: Source, notices: list[Notice]) -> list[MonitorFile]:
    found: list[MonitorFile] = []
    for file in source.files:
        if file.endswith(SUFFIX):
            try:
                found.append(read_monitor(location.inside(file), file))
            except (ReadError, OSError) as problem:
                notices.append(unreadable(source, problem, file))
                continue
            notices += found[-1].notices
    return found


def _add_evaluations(location: Location, source: Source, file: str, points: RunPoints, notices: list[Notice]) -> None:
    try:
        notices += evaluations.add_evaluations(location.inside(file), file, points)
    except (ReadError, OSError) as problem:
        notices.append(unreadable(source, problem, file))


def _known(points: RunPoints) -> Mapping[str, frozenset[int]]:
    """Return the steps of the evaluations that were read from their own file."""
    return {metric: frozenset(points.steps(metric)) for metric in points.metrics if metric.startswith("eval/")}


def _params(
    location: Location, source: Source, monitors: Sequence[MonitorFile], notices: list[Notice]
) -> tuple[dict[str, str], str]:
    """Return the settings and the environment; what the method was given wins over what the command line asked for."""
    params: dict[str, str] = {}
    for name in settings.FILES:
        for file in (file for file in source.files if PurePosixPath(file).name == name):
            params |= attempt(source, file, partial(_settings_of, location, file), notices)
    env_ids = sorted({env_id for monitor in monitors for env_id in monitor.env_ids})
    env = params.get("env") or (env_ids[0] if env_ids else "")
    folder = PurePosixPath(source.path).parent.name
    algo = params.get("algo") or (folder if _ALGORITHMS.fullmatch(folder) else "")
    return {**({"algo": algo} if algo else {}), **({"env": env} if env else {}), **params}, env


def _settings_of(location: Location, file: str) -> Mapping[str, str]:
    return settings.read_settings(location.inside(file))


def _zoo_names(path: str, algo: str | None, env: str) -> tuple[str | None, str | None]:
    """Return experiment and name of a folder ``<env>_<number>``, in which the zoo's runs of a method lie."""
    folder = PurePosixPath(path).name
    number = folder.removeprefix(f"{env.replace('/', '-')}_")
    if not env or not number.isdecimal():
        return None, None
    return env, f"{algo}/{folder}" if algo else folder


def _artifacts(location: Location, source: Source) -> tuple[Artifact, ...]:
    folders = dict.fromkeys([source.path, *(str(PurePosixPath(file).parent) for file in source.files)])
    found: dict[str, Artifact] = {}
    for folder in folders:
        place = "" if folder == "." else folder
        for file in list_folder(location.root, place).files:
            path = f"{place}/{file.path}".strip("/")
            if file.path.endswith(_MODELS):
                below = path[len(source.path) :].strip("/")
                found[path] = Artifact(
                    run_id=source.run_id,
                    path=below,
                    size_bytes=file.size_bytes,
                    media_type=media_type(path),
                    location=path,
                )
    return tuple(found.values())


def _settings_in(location: Location, folder: str) -> list[str]:
    """Return the files of settings in a sub-folder."""
    if (location.root / folder).is_symlink():
        return []
    held = {file.path for file in list_folder(location.root, folder).files}
    return [name for name in settings.FILES if name in held] if set(settings.FILES) <= held else []


def _is_monitor(location: Location, name: str) -> bool:
    first = _first_lines(location, name)
    if first[:1] and first[0].startswith("#") and "{" in first[0] and "t_start" in first[0]:
        return True
    header = {cell.strip() for cell in (first[0].split(",") if first else [])}
    return {"r", "l", "t"} <= header


def _is_progress(location: Location, name: str) -> bool:
    first = _first_lines(location, name)
    if name.endswith(".csv"):
        return bool(first) and progress.is_progress_header(first[0].split(","))
    text = "\n".join(first)
    if name.endswith(".json"):
        return '"time/total_timesteps"' in text or ('"time/fps"' in text and '"rollout/' in text)
    return "| time/" in text and "total_timesteps" in text


def _first_lines(location: Location, name: str) -> list[str]:
    return location.head(name, _PEEK_BYTES).decode("utf-8-sig", "replace").splitlines()


def _is_zip(location: Location, name: str) -> bool:
    return location.head(name, 2) == b"PK"
