"""The scores that both sides aggregate: ten methods, 26 tasks, ten seeds. Needs numpy only."""

import numpy as np

METHODS, TASKS, SEEDS = 10, 26, 10


def scores() -> list[np.ndarray]:
    """Return for each method its normalised scores, float64 [seeds, tasks]."""
    generator = np.random.default_rng(20)
    difficulty = generator.gamma(2.0, 0.4, size=TASKS)
    noise = generator.gamma(2.0, 0.1, size=TASKS)
    return [
        difficulty * (1 + 0.05 * method) + noise * generator.normal(size=(SEEDS, TASKS)) for method in range(METHODS)
    ]
