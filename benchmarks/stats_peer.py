"""What rliable needs for the same scores. Runs in the peers' environment; prints JSON."""

import argparse
import json
import sys
import time

import numpy as np
from rliable import library, metrics

from stats_data import scores


def aggregates(resamples: int) -> float:
    """Return the seconds that so many resamples of one method take."""
    found = {"method": scores()[0]}

    def four(values: np.ndarray) -> np.ndarray:
        return np.array(
            [
                metrics.aggregate_median(values),
                metrics.aggregate_iqm(values),
                metrics.aggregate_mean(values),
                metrics.aggregate_optimality_gap(values),
            ]
        )

    begin = time.process_time()
    library.get_interval_estimates(found, four, reps=resamples)
    return time.process_time() - begin


def improvement(resamples: int) -> float:
    """Return the seconds that so many resamples of one pair take."""
    first, second = scores()[:2]
    begin = time.process_time()
    library.get_interval_estimates({"pair": (first, second)}, metrics.probability_of_improvement, reps=resamples)
    return time.process_time() - begin


def main() -> None:
    """Do one task and print what a resample takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("aggregates", "improvement"))
    parser.add_argument("resamples", type=int)
    arguments = parser.parse_args()
    seconds = {"aggregates": aggregates, "improvement": improvement}[arguments.task](arguments.resamples)
    sys.stdout.write(json.dumps({"seconds_per_resample": seconds / arguments.resamples}) + "\n")


if __name__ == "__main__":
    main()
