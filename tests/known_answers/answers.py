"""Words in which the vectors put a refusal or a caution."""

from typing import Any

from runreport.stats.types import Caution, Refusal


def said(answer: str, remark: Refusal | Caution) -> dict[str, Any]:
    """Return the fields of a refusal or caution; ``answer`` is what the vectors call the kind of outcome."""
    return {"answer": answer, "code": remark.code.upper().replace("-", "_"), "say": remark.words}
