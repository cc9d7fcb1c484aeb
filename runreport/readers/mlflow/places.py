"""Where the artifacts of a database's runs lie now: its addresses are absolute, and trees get moved."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from runreport.errors import ReadError
from runreport.readers.base import Location

_LOCAL = frozenset({"", "file"})
_SERVED = "mlflow-artifacts"
_SERVED_FOLDER = "mlartifacts"  # where MLflow's server keeps what it serves, unless it is told otherwise
_LONGEST_TAIL = 8


def artifact_folder(location: Location, database: str, address: str, holds: str = "") -> str | None:
    """Return the folder an artifact address means, relative to the root; None when there is none below the root.

    The folder is looked for beside the database, by the longest tail of the address that exists there.

    Args:
        location: where the database lies.
        database: its path relative to the root.
        address: a path or ``file:`` address, absolute where the runs were made, or one of MLflow's server.
        holds: a part of the address that the tail must keep, such as the id of the run.
    """
    parts = _parts(address)
    home = database.rpartition("/")[0]
    for length in range(min(len(parts), _LONGEST_TAIL), 0, -1):
        tail = parts[-length:]
        if holds and holds not in tail:
            break
        folder = "/".join([home, *tail] if home else tail)
        if _is_folder(location, folder):
            return folder
    return None


def _parts(address: str) -> list[str]:
    split = urlsplit(address)
    if split.scheme not in _LOCAL | {_SERVED}:
        return []
    parts = [part for part in PurePosixPath(unquote(split.path)).parts if part != "/"]
    if ".." in parts:
        return []
    return [_SERVED_FOLDER, *parts] if split.scheme == _SERVED else parts


def _is_folder(location: Location, folder: str) -> bool:
    try:
        return (location.root / folder).is_dir() and location.inside(folder).is_dir()
    except (OSError, ValueError, ReadError):  # too long, holds a null character, or leaves the root
        return False
