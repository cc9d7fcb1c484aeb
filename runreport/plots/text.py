"""Foreign names made fit to be drawn: cleaned, shortened, and with a width that can be planned for."""

import textwrap
import unicodedata

FONT_PX = 12.0
"""Size of text in a figure of ``scene.WIDTH`` units."""

NARROW_FONT_PX = 16.0
"""Size that figures.css gives the same text on narrow screens; every text gets the room it needs there."""

SMALL = 0.9
"""Size of tick labels and notes, in parts of the figure's text."""

_EM_PER_CHARACTER = 0.55
_SHORTEST = 3
_REPLACED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def clean(text: str, limit: int) -> str:
    """Return at most ``limit`` characters that are safe in XML and cannot change their neighbours.

    White space becomes one space; control characters, marks that turn the direction of writing, lone surrogates and
    code points without a character become U+FFFD. Long text loses its middle, since its end often tells it apart.

    >>> clean("val/loss of a very long name", 12)
    'val/lo… name'
    """
    ends = text if len(text) <= 4 * limit else text[: 2 * limit] + text[-2 * limit :]
    words = " ".join(ends.split())
    return shorten("".join(_visible(character) for character in words), limit)


def shorten(text: str, limit: int) -> str:
    """Return the text, or its beginning and end around an ellipsis when it is longer than ``limit``."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 2
    return text[: limit - 1 - tail] + "…" + (text[-tail:] if tail else "")


def width_px(text: str, size: float = 1.0) -> float:
    """Return the room a text needs on a narrow screen; ``size`` is relative to the figure's text."""
    em = sum(1.0 if unicodedata.east_asian_width(character) in "WF" else _EM_PER_CHARACTER for character in text)
    return em * NARROW_FONT_PX * size


def fit(text: str, room_px: float) -> str:
    """Return the cleaned text, shortened until it needs no more than ``room_px``; at least three characters stay."""
    limit = max(_SHORTEST, int(room_px / (NARROW_FONT_PX * _EM_PER_CHARACTER)))
    fitting = clean(text, limit)
    while len(fitting) > _SHORTEST and width_px(fitting) > room_px:
        fitting = shorten(fitting, len(fitting) - 1)
    return fitting


def wrap(text: str, room_px: float, limit: int = 1000) -> tuple[str, ...]:
    """Return the cleaned text in lines that fit; words that are longer than a line are broken."""
    characters = max(10, int(room_px / (NARROW_FONT_PX * SMALL * _EM_PER_CHARACTER)))
    return tuple(textwrap.wrap(clean(text, limit), characters))


def _visible(character: str) -> str:
    is_replaced = unicodedata.category(character) in _REPLACED and character not in _JOINERS
    return "\N{REPLACEMENT CHARACTER}" if is_replaced else character
