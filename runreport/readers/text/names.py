"""What the place of a text log says about its run, when the name of the file itself says nothing."""

import re
from dataclasses import dataclass

from runreport.readers.common.naming import name_by_path

_OPAQUE = re.compile(
    r"""
    [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}                       # a UUID
    | (?=[a-f]*\d)[0-9a-f]{8,64}                                      # a hash
    | (?:(?:slurm|job|run|log)[-_.])?\d{7,20}(?:[-_]\d{1,8})?         # a job of a cluster
    | (?:[a-z]{1,12}[-_])?\d{4}[-_.]?\d\d[-_.]?\d\d(?:[-_T ]?\d\d[-_.:h]?\d\d(?:[-_.:m]?\d\d)?)?   # a date
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextName:
    """Experiment, name and seed of a run, and its stem: what its path says without the seed."""

    experiment: str
    name: str
    seed: int | None
    stem: str


def text_name(relative: str, label: str) -> TextName:
    """Return what the path of a log says, relative to the ingested root and without its suffix; label names the root.

    A file named by a UUID, a hash, a job number or a date stands for a repeat of what its folder is named after.

    >>> text_name("arms/baseline/32be977f-b49d-4ebb-8bf1-e746e6ac836c", "logs").stem
    'baseline'
    >>> text_name("arms/adam_s3", "logs")
    TextName(experiment='arms', name='adam_s3', seed=3, stem='adam')
    """
    folder, _, file = relative.rpartition("/")
    if not _OPAQUE.fullmatch(file):
        path = name_by_path(relative, label)
        return TextName(experiment=path.experiment, name=path.name, seed=path.seed, stem=path.stem)
    path = name_by_path(folder, label)
    name = f"{path.name}/{file}" if folder else file
    return TextName(experiment=path.experiment, name=name, seed=path.seed, stem=path.stem)
