"""``python -m tests.known_answers DIR [--json]``: run every vector of a folder and say which fail, and by how much."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.known_answers.methods import METHODS
from tests.known_answers.runner import load_vectors, run_vector

USAGE_ERROR = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.known_answers", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of vector files (*.json)")
    parser.add_argument("--json", action="store_true", help="print the outcomes as JSON")
    arguments = parser.parse_args()
    try:
        vectors = load_vectors(arguments.folder)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    outcomes = [run_vector(vector, METHODS) for vector in vectors]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if arguments.json:
        found = {
            "passed": len(outcomes) - len(failed),
            "failed": len(failed),
            "failures": [asdict(one) for one in failed],
        }
        print(json.dumps(found, indent=2, default=str))
    else:
        for outcome in failed:
            print(f"{outcome.vector_id} ({outcome.method})")
            for difference in outcome.differences:
                print(f"  {difference}")
        print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
