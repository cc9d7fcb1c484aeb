import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from runreport.errors import OutputError, SiteCheckError
from runreport.render.writer import MARKER, write_site

FIRST = [("index.html", b"<p>one"), ("a/index.html", b'<a href="../index.html">up</a>')]
SECOND = [("index.html", b"<p>two")]
BROKEN = [("index.html", b'<a href="gone.html">x</a>')]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir())


def test_a_site_is_written_with_a_list_of_its_files(tmp_path: Path) -> None:
    written = write_site(FIRST, tmp_path / "deep" / "site")
    assert (written.page_count, written.size_bytes) == (2, sum(len(content) for _, content in FIRST))
    marker = json.loads((tmp_path / "deep" / "site" / MARKER).read_text())
    assert marker["files"] == ["a/index.html", "index.html"]


def test_a_new_site_takes_the_place_of_the_old_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write_site(FIRST, out)
    write_site(SECOND, out)
    assert set(tree(out)) == {"index.html", MARKER}
    assert beside(out) == ["site"]


def failing() -> Iterator[tuple[str, bytes]]:
    yield FIRST[0]
    raise RuntimeError


@pytest.mark.parametrize(("files", "error"), [(BROKEN, SiteCheckError), (failing(), RuntimeError)])
def test_the_old_site_stays_when_the_new_one_fails(
    tmp_path: Path, files: Iterable[tuple[str, bytes]], error: type[Exception]
) -> None:
    out = tmp_path / "site"
    write_site(FIRST, out)
    before = tree(out)
    with pytest.raises(error):
        write_site(files, out)
    assert tree(out) == before
    assert beside(out) == ["site"]


def test_files_of_others_are_kept(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write_site(FIRST, out)
    (out / "CNAME").write_text("example.org")
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref")
    (out / "a" / "mine.txt").write_text("mine")
    write_site(SECOND, out)
    assert {"CNAME", ".git/HEAD", "a/mine.txt", "index.html"} <= set(tree(out))


def test_a_file_of_others_is_never_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write_site(SECOND, out)
    (out / "a").mkdir()
    (out / "a" / "index.html").write_text("mine")
    with pytest.raises(OutputError, match="in the way"):
        write_site(FIRST, out)
    assert (out / "a" / "index.html").read_text() == "mine"


def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.tex").write_text("...")
    with pytest.raises(OutputError, match="not a site of runreport") as caught:
        write_site(FIRST, out)
    assert caught.value.hint
    assert set(tree(out)) == {"chapter.tex"}


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        write_site(FIRST, tmp_path / "site")


def test_a_damaged_list_of_files_is_refused(tmp_path: Path) -> None:
    write_site(FIRST, tmp_path / "site")
    (tmp_path / "site" / MARKER).write_text("{")
    with pytest.raises(OutputError, match="damaged"):
        write_site(SECOND, tmp_path / "site")


@pytest.mark.skipif(os.name == "posix" and os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError) as caught:
        write_site(FIRST, tmp_path / "site")
    tmp_path.chmod(0o700)
    assert caught.value.hint


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_build_left_is_cleaned_up(tmp_path: Path) -> None:
    half = tmp_path / f".site.runreport-new-{ended_process()}"
    half.mkdir()
    (half / "index.html").write_text("half")
    write_site(FIRST, tmp_path / "site")
    assert beside(tmp_path / "site") == ["site"]


def test_a_site_that_a_killed_build_had_put_aside_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write_site(FIRST, out)
    (out / "CNAME").write_text("example.org")
    out.rename(tmp_path / f".site.runreport-old-{ended_process()}")
    with pytest.raises(SiteCheckError):
        write_site(BROKEN, out)
    assert {"index.html", "CNAME"} <= set(tree(out))


def test_files_of_others_survive_a_build_killed_after_the_swap(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write_site(FIRST, out)
    (out / "CNAME").write_text("example.org")
    out.rename(tmp_path / f".site.runreport-old-{ended_process()}")
    fresh = tmp_path / "other"
    write_site(SECOND, fresh)
    fresh.rename(out)
    write_site(SECOND, out)
    assert set(tree(out)) == {"index.html", "CNAME", MARKER}


def test_a_build_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    running = tmp_path / f".site.runreport-new-{os.getppid()}"
    running.mkdir()
    write_site(FIRST, tmp_path / "site")
    assert running.is_dir()
