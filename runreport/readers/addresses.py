"""Addresses of runs that lie in no folder, such as ``mlflow+https://host/?experiment=digits``."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from runreport.errors import UsageError

_SEPARATOR = "://"
_SHOWN_KEYS = frozenset({"experiment", "experiment_id"})


def is_address(text: str) -> bool:
    """Say whether a text that was named for ingest is an address, not a path.

    >>> is_address("mlflow+http://localhost:5000"), is_address("runs/2024")
    (True, False)
    """
    return _SEPARATOR in text


def scheme(address: str) -> str:
    """Return what stands before ``://``, in lower case."""
    return address.partition(_SEPARATOR)[0].casefold()


def shown(address: str) -> str:
    """Return an address as it may be printed and kept: without user, password and all of its query but experiments.

    >>> shown("mlflow+https://ada:secret@Example.org/ml/?experiment=digits&token=1")
    'mlflow+https://example.org/ml?experiment=digits'
    """
    split = urlsplit(address)
    host = f"[{split.hostname}]" if split.hostname and ":" in split.hostname else split.hostname or ""
    kept = urlencode([(key, value) for key, value in parse_qsl(split.query) if key in _SHOWN_KEYS])
    place = f"{split.scheme}{_SEPARATOR}{host}{f':{_port(address)}' if _port(address) else ''}"
    return place + split.path.rstrip("/") + (f"?{kept}" if kept else "")


def check(address: str) -> None:
    """Check the parts that every address has.

    Raises:
        UsageError: there is no host, or the port is no number.
    """
    try:
        split = urlsplit(address)
        is_whole = bool(split.hostname) and (split.port is None or split.port > 0)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise UsageError("The address names no host and port.", hint="It looks like mlflow+http://localhost:5000.")


def _port(address: str) -> int | None:
    try:
        return urlsplit(address).port
    except ValueError:
        return None
