"""Characters that one cannot see, made visible."""

import re

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    r"""Return a text whose control characters and marks of writing direction are replaced by a visible sign.

    A name from a log could otherwise turn the words around it, or end a line where none ends.

    >>> visible("safe\x00.\u202ecod")
    'safe\ufffd.\ufffdcod'
    """
    return _INVISIBLE.sub(_REPLACEMENT, text)
