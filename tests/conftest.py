import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent

collect_ignore_glob = ["golden/*.py"]  # scripts that need the trackers' own clients; doctests would import them

# No test is timed: how long an example takes says more about the machine than about the code.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder with run logs of public projects, which is not part of the repository."""
    folder = Path(os.environ.get("RUNREPORT_REALDATA", REPOSITORY.parent / "shared" / "realdata")).resolve()
    if not folder.is_dir():
        pytest.skip(f"real run logs are not here ({folder}); RUNREPORT_REALDATA names their folder")
    return folder
