import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from runreport import __version__

pytestmark = pytest.mark.packaging

REPOSITORY = Path(__file__).resolve().parents[2]
TRAVELLING = ("themes", "example_runs")
IN_SDIST = {
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "PKG-INFO",
    "README.md",
    "benchmarks",
    "docs",
    "example_runs",
    "mkdocs.yml",
    "pyproject.toml",
    "runreport",
    "tests",
    "themes",
}


def run(*words: str | Path, cwd: Path) -> str:
    done = subprocess.run([*map(str, words)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def environment(folder: Path) -> Path:
    """Make an empty virtual environment and return the folder of its programs."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    return folder / "bin"


def own_files(folder: str) -> set[str]:
    paths = (path for path in (REPOSITORY / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(REPOSITORY).as_posix() for path in paths}


def tops(names: set[str]) -> set[str]:
    return {name.partition("/")[0] for name in names}


def below(names: set[str], folder: str) -> set[str]:
    return {name.removeprefix(f"{folder}/") for name in names if name.startswith(f"{folder}/")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, REPOSITORY, cwd=folder)
    return folder


def wheel_names(built: Path) -> set[str]:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_package_its_themes_and_example_runs_and_nothing_else(built: Path) -> None:
    names = wheel_names(built)
    assert tops(names) == {"runreport", f"runreport-{__version__}.dist-info"}
    package = below(names, "runreport")
    travelling = set().union(*(own_files(folder) for folder in TRAVELLING))
    assert {name for name in package if name.startswith(TRAVELLING)} == travelling
    assert package - travelling == below(own_files("runreport"), "runreport")
    assert "py.typed" in package


def test_the_source_archive_holds_all_that_is_needed_to_work_on_it(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = below({member.name for member in archive.getmembers()}, f"runreport-{__version__}")
    assert tops(names) == IN_SDIST
    for folder in ("runreport", *TRAVELLING):
        assert {name for name in names if name.startswith(f"{folder}/")} >= own_files(folder)


def test_the_wheel_builds_the_demo_in_a_clean_environment(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    programs = environment(tmp_path / "env")
    run(programs / "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run(programs / "runreport", "demo", cwd=empty) == "demo-site/index.html\n"
    assert [path.name for path in empty.iterdir()] == ["demo-site"]
    assert "digits-methods" in (empty / "demo-site" / "index.html").read_text(encoding="utf-8")


def test_an_editable_installation_finds_what_travels_with_the_package(tmp_path: Path) -> None:
    programs = environment(tmp_path / "env")
    pip = (programs / "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--editable", REPOSITORY, cwd=tmp_path)
    ask = f"from runreport.resources import resource_folder; print(*map(resource_folder, {TRAVELLING}), sep='\\n')"
    found = run(programs / "python", "-c", ask, cwd=tmp_path).splitlines()
    assert found == [str(REPOSITORY / folder) for folder in TRAVELLING]
