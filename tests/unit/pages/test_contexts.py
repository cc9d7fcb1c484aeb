from dataclasses import fields, is_dataclass
from typing import get_type_hints

from runreport.pages import contexts, parts


def test_every_field_of_every_context_is_documented() -> None:
    kinds = [
        kind
        for module in (contexts, parts)
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
    ]
    assert len(kinds) > 30
    for kind in kinds:
        hints = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            (words,) = hints[field.name].__metadata__
            assert words.endswith("."), f"{kind.__name__}.{field.name}"
