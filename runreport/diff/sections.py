"""What is compared: each section reads one run as named texts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from runreport.frames.values import RunFacts

IGNORED_TAGS = (
    "mlflow.runname",
    "mlflow.parentrunid",
    "mlflow.rootrunid",
    "mlflow.note.content",
    "mlflow.log-model.history",
    "mlflow.source.git.commit",  # shown as code
)
"""Tags of the tools themselves that name a run or repeat what another section shows."""

_CODE_FIELDS = ("commit", "branch", "dirty", "diff_digest", "repo_url", "entry_point", "vcs")


def params(run: RunFacts) -> dict[str, str]:
    """Return the params as logged."""
    return {name: param.value for name, param in run.params.items()}


def tags(run: RunFacts) -> dict[str, str]:
    """Return the tags as logged."""
    return {name: tag.value for name, tag in run.tags.items()}


def environment(run: RunFacts) -> dict[str, str]:
    """Return packages, hardware, drivers, system and variables, and the host where it is known."""
    host = {"host": run.run.host} if run.run.host else {}
    return host | {name: item.value for name, item in run.environment.items()}


def code(run: RunFacts) -> dict[str, str]:
    """Return the facts of the code version that are known."""
    if run.code is None:
        return {}
    facts = {name: getattr(run.code, name) for name in _CODE_FIELDS}
    return {name: str(fact) for name, fact in facts.items() if fact is not None}


def datasets(run: RunFacts) -> dict[str, str]:
    """Return for each data set and role its digest ("no digest" where the log gives none), several joined."""
    digests: dict[str, list[str]] = {}
    for data in run.datasets:
        name = f"{data.dataset} ({data.role})" if data.role else data.dataset
        digests.setdefault(name, []).append(data.digest or "no digest")
    return {name: " + ".join(sorted(set(found))) for name, found in digests.items()}


SECTIONS: Mapping[str, Callable[[RunFacts], dict[str, str]]] = MappingProxyType(
    {"params": params, "tags": tags, "environment": environment, "code": code, "datasets": datasets}
)
"""Every section by name, in the order in which they are shown."""
