"""The map of the statistics names every file, and no other."""

import re
from pathlib import Path

from runreport import stats


def test_the_map_is_that_of_the_folder() -> None:
    assert stats.__doc__
    named = re.findall(r"^    (\w+): ", stats.__doc__, re.MULTILINE)
    files = {file.stem for folder in stats.__path__ for file in Path(folder).glob("*.py")} - {"__init__"}
    assert sorted(named) == sorted(files)
