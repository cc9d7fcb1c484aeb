import os
from pathlib import Path

import pytest

from runreport.errors import ReadError
from runreport.formats.files import list_folder, media_type, read_bytes, scan_tree


def write(path: Path, content: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def paths(root: Path, folder: str = "", **limits: int) -> list[str]:
    return [file.path for file in scan_tree(root, folder, **limits).files]  # type: ignore[arg-type]


@pytest.mark.parametrize("size_bytes", [0, 1, 32 * 1024, 32 * 1024 + 1, 5 * 1024 * 1024])
def test_a_file_of_any_size_up_to_the_limit_is_read_whole(size_bytes: int, tmp_path: Path) -> None:
    content = os.urandom(size_bytes)
    write(tmp_path / "file", content)
    assert read_bytes(tmp_path / "file", size_bytes) == content
    if size_bytes:
        with pytest.raises(ReadError, match="larger than"):
            read_bytes(tmp_path / "file", size_bytes - 1)


def test_what_cannot_be_read_is_a_read_error_and_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_bytes(tmp_path / "pipe", 10) == b""
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ReadError, match="cannot be read"):
            read_bytes(path, 10)


def test_files_are_listed_folder_by_folder_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a/z/deep", "c", "a/1"):
        write(tmp_path / "top" / name)
    assert paths(tmp_path, "top") == ["c", "a/1", "a/z/deep", "b/1", "b/2"]
    assert paths(tmp_path, "missing") == []
    assert list_folder(tmp_path, "top").folders == ("a", "b")


def test_only_some_folders_of_the_first_level_can_be_entered(tmp_path: Path) -> None:
    for name in ("meta", "params/lr", "params/artifacts/x", "artifacts/y"):
        write(tmp_path / name)
    tree = scan_tree(tmp_path, "", enter={"params"})
    assert [file.path for file in tree.files] == ["meta", "params/lr", "params/artifacts/x"]


def test_the_number_of_files_and_levels_is_bounded(tmp_path: Path) -> None:
    for name in ("1", "2", "3", "a/4", "a/b/5"):
        write(tmp_path / name)
    tree = scan_tree(tmp_path, "", max_files=2)
    assert ([file.path for file in tree.files], tree.is_cut) == (["1", "2"], True)
    assert not scan_tree(tmp_path, "", max_files=5).is_cut
    shallow = scan_tree(tmp_path, "", max_depth=1)
    assert [file.path for file in shallow.files] == ["1", "2", "3", "a/4"]
    assert [refusal.path for refusal in shallow.refused] == ["a/b"]


def test_links_are_followed_only_within_the_root_and_not_in_circles(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path / "outside" / "secret")
    write(root / "data" / "file")
    for name, target in {
        "in": "data",
        "out": tmp_path / "outside",
        "file-out": tmp_path / "outside" / "secret",
        "broken": "nowhere",
        "data/circle": root,
    }.items():
        (root / name).symlink_to(target)
    tree = scan_tree(root, "")
    assert [file.path for file in tree.files] == ["data/file", "in/file"]
    reasons = {refusal.path: refusal.reason for refusal in tree.refused}
    assert "leaves" in reasons["out"]
    assert "leaves" in reasons["file-out"]
    assert "neither" in reasons["broken"]
    assert "lies in" in reasons["data/circle"]
    assert all(notice.location.startswith("logs/") for notice in tree.notices("logs"))


@pytest.mark.parametrize(
    ("path", "kind"), [("a/b.CSV", "text/csv"), ("x.pkl", "application/x-pickle"), ("a.b/c", None)]
)
def test_media_types_come_from_the_suffix(path: str, kind: str | None) -> None:
    assert media_type(path) == kind
