import html
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from markdown_pages import DOCS, PAGES, REPOSITORY, Block, Command, blocks, commands, first_cells, page_name, section

from runreport.store.query import parse

PLUGIN = REPOSITORY / "tests" / "contract" / "example_plugin"
HOW_TO = DOCS / "how-to"
Scene = Callable[[Path], None]


def clone(folder: Path) -> None:
    """A clone in which `make` finds the environment that these tests run in."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(REPOSITORY / name, folder)
    (folder / "example_runs").symlink_to(REPOSITORY / "example_runs")
    environment = folder / ".venv"
    environment.mkdir()
    (environment / "bin").symlink_to(Path(sys.executable).parent)
    (environment / ".installed").touch()


def folder_of_runs(folder: Path) -> None:
    (folder / "mlruns").symlink_to(REPOSITORY / "example_runs" / "mlruns")


def folder_of_tables(folder: Path) -> None:
    (folder / "logs").symlink_to(REPOSITORY / "tests" / "golden" / "tabular_folders" / "input")


def empty_folder(_: Path) -> None:
    """A page that needs nothing but what it writes itself."""


SCENES: dict[str, Scene] = {
    "README.md": clone,
    "docs/tutorial/first-report.md": clone,
    "docs/how-to/python.md": folder_of_runs,
    "docs/how-to/write-a-theme.md": folder_of_tables,
    "docs/how-to/statistics-without-logs.md": empty_folder,
    "docs/how-to/test-against-a-target.md": clone,
    "docs/how-to/compare-over-tasks.md": empty_folder,
}


def run(command: Command, folder: Path) -> None:
    """Type a command and compare what it prints with what is shown below it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RUNREPORT_", "MAKE", "MFLAGS"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), own["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command.line],
        cwd=folder,
        env=own | {"PATH": path, "PYTHONUNBUFFERED": "1"},  # so that messages and results come in their order
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) == command.shown.startswith("error: "), done.stdout
    assert_shown(command.shown, done.stdout)


def assert_shown(shown: str, printed: str) -> None:
    """Compare line by line; `...` stands for any text, and alone in a line for any lines."""
    expected, lines = (
        [re.sub("─+", "─", line.rstrip()) for line in text.strip("\n").splitlines()] for text in (shown, printed)
    )
    actual = "".join(f"{line}\n" for line in lines)
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(re.escape("..."), ".*") + r"\n" for line in expected
    )
    assert not expected or re.fullmatch(pattern, actual), f"shown:\n{shown}\nprinted:\n{actual}"


def only(found: Iterator[Path]) -> Path:
    (one,) = found
    return one


def assert_on_page(shown: str, page: Path) -> None:
    """Find every line on a page of the report; how cells and words are spaced does not matter."""
    visible = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", visible)).split())
    for line in shown.splitlines():
        assert " ".join(line.split()) in words, f"{line!r} is not on {page}:\n{words}"


@pytest.mark.parametrize("name", SCENES)
def test_a_page_can_be_followed_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    SCENES[name](tmp_path)
    python: dict[str, object] = {}
    for block in blocks(REPOSITORY / name):
        if block.mark.startswith("file: "):
            file = tmp_path / block.mark.removeprefix("file: ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.body, encoding="utf-8")
        elif block.mark.startswith("page: "):
            assert_on_page(block.body, only(tmp_path.glob(block.mark.removeprefix("page: "))))
        elif block.language == "console" and not block.mark:
            for command in commands(block):
                run(command, tmp_path)
        elif block.language == "python" and name == "docs/how-to/python.md":
            run_python(block, python, tmp_path)


def run_python(block: Block, names: dict[str, object], folder: Path) -> None:
    before = Path.cwd()
    os.chdir(folder)
    try:
        exec(compile(block.body, "how-to/python.md", "exec"), names)  # noqa: S102 - it is our own page
    finally:
        os.chdir(before)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    for block in blocks(page):
        if block.language == "console" and page_name(page) not in SCENES:
            assert re.fullmatch(r"not run: \S.{9,}", block.mark), block.body
        assert not block.mark or re.match(r"(not run|file|page): \S", block.mark), block.mark


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "api.md"], ids=page_name)
def test_python_in_the_text_compiles(page: Path) -> None:
    for block in blocks(page):
        if block.language == "python":
            compile(block.body, page_name(page), "exec")


def test_a_wrong_output_is_found() -> None:
    assert_shown("a ... c\n...\nend\n", "a b c\n1\n2\nend\n")
    for shown in ("a b d\n...\nend\n", "a b c\nend\n", "...\n2\n"):
        with pytest.raises(AssertionError):
            assert_shown(shown, "a b c\n1\n2\nend\n")


def test_a_line_that_is_not_on_the_page_is_found(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<style>p { x }</style><p>p &lt; 0.05</p><td>a</td><td>1</td>", encoding="utf-8")
    assert_on_page("p < 0.05\na   1\n", page)
    for shown in ("p < 0.01\n", "p < 0.05\na 2\n", "{ x }\n"):
        with pytest.raises(AssertionError):
            assert_on_page(shown, page)


def test_the_code_of_the_example_reader_is_that_of_the_plugin() -> None:
    source = (PLUGIN / "example_reader.py").read_text(encoding="utf-8")
    shown = [
        one.body
        for one in blocks(HOW_TO / "write-a-reader.md")
        if one.language == "python" and "import" not in one.body
    ]
    assert len(shown) == 2
    assert all(body in source for body in shown)


def test_the_package_of_the_example_reader_is_that_of_the_plugin() -> None:
    shown = tomllib.loads(next(one.body for one in blocks(HOW_TO / "write-a-reader.md") if one.language == "toml"))
    real = tomllib.loads((PLUGIN / "pyproject.toml").read_text(encoding="utf-8"))
    assert shown["project"].items() <= real["project"].items()


@pytest.mark.parametrize("text", first_cells(section(DOCS / "reference" / "expressions.md", "# Expressions")))
def test_expressions_in_the_reference_parse(text: str) -> None:
    assert parse(text).text == text


def test_the_mistake_in_the_reference_is_shown_as_it_is_printed(tmp_path: Path) -> None:
    folder_of_tables(tmp_path)
    shown = next(one.body for one in blocks(DOCS / "reference" / "expressions.md") if one.language == "text")
    run(Command(line="runreport ingest logs", shown="..."), tmp_path)
    run(Command(line="runreport runs --where 'params.lr <'", shown=shown), tmp_path)
