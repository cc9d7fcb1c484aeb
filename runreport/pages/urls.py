"""Where each page lives. Names from logs reach an address only as slug and hash."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runreport.names import file_name

OVERVIEW = "index.html"
RUNS = "runs/index.html"
LINEAGE = "lineage/index.html"
NOTICES = "notices/index.html"
ABOUT = "about/index.html"
READING = "reading/index.html"
NOT_FOUND = "404.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlaces:
    """Addresses of the runs that have a page; the others map to nothing."""

    urls: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, run_id: str) -> str:
        """Return the address of a run's page, or an empty text when it has none."""
        return self.urls.get(run_id, "")

    @classmethod
    def of(cls, runs: Iterable[tuple[str, str]]) -> "RunPlaces":
        """Return the places of runs given as (run id, name)."""
        return cls(urls={run_id: f"runs/{file_name(name, run_id)}/index.html" for run_id, name in runs})


def experiment_url(experiment: str) -> str:
    """Return the address of an experiment's page."""
    return f"experiments/{file_name(experiment)}/index.html"


def group_url(experiment: str, group_id: str) -> str:
    """Return the address of a group's page."""
    return f"groups/{file_name(group_id, experiment)}/index.html"


def comparison_url(experiment: str, comparison_id: str) -> str:
    """Return the address of a comparison's page."""
    return f"comparisons/{file_name(comparison_id, experiment)}/index.html"


def tasks_url(experiment: str) -> str:
    """Return the address of an experiment's methods over tasks."""
    return f"tasks/{file_name(experiment)}/index.html"


def target_url(experiment: str, target_id: str) -> str:
    """Return the address of a target's page."""
    return f"targets/{file_name(target_id, experiment)}/index.html"


def metric_url(experiment: str, metric: str) -> str:
    """Return the address of a metric's page."""
    return f"metrics/{file_name(metric, experiment)}/index.html"


def sweep_url(experiment: str) -> str:
    """Return the address of an experiment's sweep."""
    return f"sweeps/{file_name(experiment)}/index.html"


def runs_url(part: int) -> str:
    """Return the address of a part of the list of runs, counted from 1."""
    return RUNS if part == 1 else f"runs/part-{part}/index.html"


def picture_url(digest: str, suffix: str) -> str:
    """Return the address of the copy of a picture: the same bytes are in the site once."""
    return f"pictures/{digest[:32]}.{suffix}"


def root_of(url: str) -> str:
    """Return what leads from a page back to the root.

    >>> root_of("runs/a/index.html"), root_of("index.html")
    ('../../', '')
    """
    return "../" * url.count("/")
