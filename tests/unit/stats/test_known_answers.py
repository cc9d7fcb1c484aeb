"""Known answers computed with other libraries (scipy, statsmodels, pingouin, rliable, ...): all of them."""

from pathlib import Path
from typing import Any

import pytest

from tests.known_answers.methods import METHODS
from tests.known_answers.runner import load_vectors, run_vector

FOLDER = Path(__file__).resolve().parents[2] / "known_answers" / "vectors"


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["id"]) for vector in load_vectors(FOLDER)])
def test_the_known_answer_is_reproduced(vector: dict[str, Any]) -> None:
    outcome = run_vector(vector, METHODS)
    assert outcome.passed, [str(difference) for difference in outcome.differences]
