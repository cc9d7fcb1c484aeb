"""Package versions from the small files that environments are described with. Lines are matched, nothing is run."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PINNED = re.compile(rf"\s*(?:-\s+)?['\"]?({_NAME})\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;,'\"#=]+)")
_CONDA = re.compile(rf"\s*-\s+['\"]?({_NAME})\s*={{1,2}}\s*([^\s;,'\"#=]+)")
_PYTHON = re.compile(r"python:\s*['\"]?([0-9][^\s'\"]*)")
_MODEL_VERSION = re.compile(r"\s*(python|mlflow)_version:\s*['\"]?([0-9][^\s'\"]*)")
_SEPARATORS = re.compile(r"[-_.]+")


def packages(file_name: str, text: str) -> dict[str, str]:
    r"""Return the versions a file pins, by package name in the form PEP 503 compares; others are left to the file.

    Args:
        file_name: one of :data:`ENVIRONMENT_FILES`.
        text: its content.

    >>> packages("requirements.txt", "numpy==2.0.1\nscikit_learn[x]==1.5 ; python_version > '3'\ntorch>=2\n")
    {'numpy': '2.0.1', 'scikit-learn': '1.5'}
    """
    find = ENVIRONMENT_FILES[file_name]
    found: dict[str, str] = {}
    for line in text.splitlines():
        if pinned := find(line):
            found.setdefault(*pinned)
    return found


def _requirement(line: str) -> tuple[str, str] | None:
    return _pinned(_PINNED.match(line))


def _conda_dependency(line: str) -> tuple[str, str] | None:
    return _pinned(_CONDA.match(line))


def _python_env(line: str) -> tuple[str, str] | None:
    python = _PYTHON.match(line)
    return ("python", python[1]) if python else _pinned(_CONDA.match(line))


def _model(line: str) -> tuple[str, str] | None:
    return _pinned(_MODEL_VERSION.match(line))


def _pinned(found: re.Match[str] | None) -> tuple[str, str] | None:
    return (_SEPARATORS.sub("-", found[1]).lower(), found[2]) if found else None


ENVIRONMENT_FILES: Mapping[str, Callable[[str], tuple[str, str] | None]] = MappingProxyType(
    {
        "requirements.txt": _requirement,
        "conda.yaml": _conda_dependency,
        "python_env.yaml": _python_env,
        "MLmodel": _model,
    }
)
"""The files that are understood, each with what reads one of its lines."""
