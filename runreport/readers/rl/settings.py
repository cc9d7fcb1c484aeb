"""Settings that the zoo of Stable-Baselines3 writes: ``args.yml`` (the command line) and ``config.yml`` (the method).

Both are YAML with tags that name Python objects; the tags are passed over. A map is written as
``!!python/object/apply:collections.OrderedDict`` and then a list that holds one list of pairs.
"""

from pathlib import Path

from runreport.formats.files import read_bytes
from runreport.formats.yaml import MAX_BYTES, Yaml, load_yaml
from runreport.model.keys import flatten

FILES = ("args.yml", "config.yml")
_PAIR = 2


def read_settings(path: Path) -> dict[str, str]:
    """Return the settings of a file as dotted names and texts.

    Raises:
        ReadError: it cannot be read or is no YAML.
    """
    return flatten(_plain(load_yaml(read_bytes(path, MAX_BYTES))))


def _plain(value: Yaml) -> Yaml:
    """Return a value with ordered maps as maps, at any depth."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    pairs = value[0] if len(value) == 1 and isinstance(value[0], list) else value
    mapping = _mapping(pairs)
    return mapping if mapping is not None else [_plain(inner) for inner in value]


def _mapping(pairs: list[Yaml]) -> dict[str, Yaml] | None:
    """Return a list of pairs of a name and a value as a map; None when it is none."""
    found: dict[str, Yaml] = {}
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == _PAIR and isinstance(pair[0], str)):
            return None
        found[pair[0]] = _plain(pair[1])
    return found or None
