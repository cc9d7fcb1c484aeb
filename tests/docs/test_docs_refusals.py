import ast
from collections.abc import Iterator

from markdown_pages import DOCS, REPOSITORY, first_cells, section

PACKAGES = ("stats", "compare", "reporters")


def refusal_codes(source: str) -> Iterator[str]:
    """Yield the code of every refusal that a module makes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
            (code,) = (keyword.value for keyword in node.keywords if keyword.arg == "code")
            yield ast.literal_eval(code)


def test_every_refusal_is_explained_and_every_explained_one_exists() -> None:
    modules = [path for name in PACKAGES for path in (REPOSITORY / "runreport" / name).rglob("*.py")]
    made = {code for path in modules for code in refusal_codes(path.read_text(encoding="utf-8"))}
    explained = first_cells(section(DOCS / "explanation" / "verdicts.md", "## When no answer is given"))
    assert explained == sorted(made)


def test_a_code_in_a_constant_or_a_condition_is_found() -> None:
    assert list(refusal_codes('A = B or Refusal(code="a-b", words=f"{n}")\nraise ValueError')) == ["a-b"]
