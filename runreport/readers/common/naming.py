"""Experiment, name, stem and seed of a run that is known only by where its log lies."""

import re
from dataclasses import dataclass

STEM_PARAM = "stem"
"""The param of runs that log none: what their path says without the seed, so that seeds can be grouped."""

FOLDER_PARAM = "folder"
"""The param, beside the stem, of runs in a tree whose folders and files are two factors: ``METHOD/TASK.csv``."""

_SEED_SUFFIX = re.compile(r"(?:(?P<stem>.*)[-_., ])?(?:s|(?i:seed)[-_=]?)(?P<seed>[0-9]{1,18})")
_BARE_SEED = re.compile(r"[0-9]{1,6}")  # longer ones are dates and clock times
_SEPARATORS = "-_., "


@dataclass(frozen=True, slots=True, kw_only=True)
class PathName:
    """What the place of a log says about its run.

    Attributes:
        experiment: the folder that holds the stem, relative to the ingested root; its label when that is the root.
        name: the path below the experiment.
        seed: the number of a trailing seed token of the last component; None when there is none.
        stem: the component that is left without the seed token; the same for all seeds of a group.
    """

    experiment: str
    name: str
    seed: int | None
    stem: str


def name_by_path(relative: str, label: str) -> PathName:
    """Return what a path relative to the ingested root (with ``/``; empty for the root) says; label names the root.

    A seed is only taken from an explicit token (``_s4``, ``-seed4``, ``seed=4``, ``seed_4``) or from a last
    component that is nothing else than a seed or a short whole number.

    >>> name_by_path("digits/adam_s3", "logs")
    PathName(experiment='digits', name='adam_s3', seed=3, stem='adam')
    >>> name_by_path("ppo/seed1", "logs")
    PathName(experiment='logs', name='ppo/seed1', seed=1, stem='ppo')
    """
    components = [part for part in relative.split("/") if part]
    if not components:
        return PathName(experiment=label, name=label, seed=None, stem=label)
    last_stem, seed = _split_seed(components[-1])
    stem_path = [*components[:-1], last_stem] if last_stem else components[:-1]
    folders = stem_path[:-1]
    return PathName(
        experiment="/".join(folders) or label,
        name="/".join(components[len(folders) :]),
        seed=seed,
        stem=stem_path[-1] if stem_path else label,
    )


def _split_seed(component: str) -> tuple[str, int | None]:
    if _BARE_SEED.fullmatch(component):
        return "", int(component)
    suffix = _SEED_SUFFIX.fullmatch(component)
    if suffix is None:
        return component, None
    return (suffix["stem"] or "").rstrip(_SEPARATORS), int(suffix["seed"])
