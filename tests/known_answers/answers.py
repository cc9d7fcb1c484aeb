"""Words in which the vectors put a refusal or a caution."""

from typing import Any

from runreport.stats.types import Caution, Refusal


def said(answer: str, remark: Refusal | Caution) -> dict[str, Any]:
    """Return the fields of a refusal or caution; ``answer`` is what the vectors call the kind of outcome."""
    return {"answer": answer, "code": remark.code.upper().replace("-", "_"), "say": remark.words}


def answered(found: Any) -> Any:  # noqa: ANN401 - any value of the statistics
    """Return what was computed where the vector expects numbers.

    Raises:
        ValueError: it was refused instead, with the words of the refusal.
    """
    if not isinstance(found, Refusal):
        return found
    raise ValueError(found.words)
