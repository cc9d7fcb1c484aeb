import zipfile
from pathlib import Path

import pytest

from runreport.errors import ReadError
from runreport.formats import archives
from runreport.formats.archives import is_zip, open_archive


def write(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_members_are_read_in_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"b.txt": b"one\ntwo", "a/c.txt": b"", "folder/": b""})
    with open_archive(path) as archive:
        assert [member.path for member in archive.members] == ["a/c.txt", "b.txt"]
        assert archive.read("b.txt", 7) == b"one\ntwo"
        assert [(line.number, line.text, line.is_whole) for line in archive.lines("b.txt")] == [
            (1, "one", True),
            (2, "two", False),
        ]
        assert archive.has("b.txt")
        assert not archive.has("folder/")
    assert list(tmp_path.iterdir()) == [path]


def test_a_member_larger_than_asked_for_is_refused(tmp_path: Path) -> None:
    with (
        open_archive(write(tmp_path / "a.zip", {"b": b"12345"})) as archive,
        pytest.raises(ReadError, match="larger than the 4 bytes"),
    ):
        archive.read("b", 4)


@pytest.mark.parametrize("name", ["../b", "/b", "a/../../b", "C:/b", "a\\b"])
def test_names_that_leave_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("x" * len(name))
        archive.writestr(info, b"1")
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name.encode()))
    with open_archive(path) as found:
        assert found.members == ()
        (reason,) = found.refused.values()
        assert reason == "has a name that leaves the archive"
        with pytest.raises(ReadError, match="leaves the archive"):
            found.read(next(iter(found.refused)), 10)


def test_a_bomb_is_refused_by_what_it_claims(tmp_path: Path) -> None:
    with open_archive(write(tmp_path / "a.zip", {"b": bytes(5_000_000)})) as archive:
        assert archive.refused == {"b": "claims to be too large"}


def test_a_bomb_that_claims_to_be_small_ends_where_it_claims_to(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"b": bytes(5_000_000)})
    path.write_bytes(path.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with open_archive(path) as archive:
        assert archive.refused == {}
        with pytest.raises(ReadError, match="damaged"):
            archive.read("b", 1_000)


def test_other_methods_second_members_and_encryption_are_refused(tmp_path: Path) -> None:
    with open_archive(write(tmp_path / "a.zip", {"b": b"1"}, zipfile.ZIP_LZMA)) as archive:
        assert archive.refused == {"b": "is compressed with another method than deflate"}
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as twice:
        twice.writestr("b", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            twice.writestr("b", b"2")
    with open_archive(tmp_path / "c.zip") as archive:
        assert (archive.members, archive.refused) == ((), {"b": "is there twice"})
    path = write(tmp_path / "d.zip", {"b": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with open_archive(path) as archive:
        assert archive.refused == {"b": "is encrypted"}


def test_too_many_members_are_refused_before_they_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.zip", {str(number): b"" for number in range(5)})
    monkeypatch.setattr(archives, "MAX_MEMBERS", 4)
    with pytest.raises(ReadError, match="more than 4 files"), open_archive(path):
        pass


def test_a_large_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.zip", {str(number): b"" for number in range(5)})
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(ReadError, match="directory is too large"), open_archive(path):
        pass


def test_a_cut_archive_is_an_error_at_every_place(tmp_path: Path) -> None:
    data = write(tmp_path / "a.zip", {"b": b"one", "c": b"two"}).read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ReadError), open_archive(path):
            pass


def test_damaged_content_is_an_error_with_the_name_of_the_member(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"b": b"0123456789"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"0123", b"9999", 1))
    with open_archive(path) as archive, pytest.raises(ReadError, match="b in the archive is damaged"):
        list(archive.lines("b"))


def test_a_missing_member_and_a_missing_archive_are_errors(tmp_path: Path) -> None:
    with open_archive(write(tmp_path / "a.zip", {"b": b"1"})) as archive, pytest.raises(ReadError, match="no c in"):
        archive.read("c", 1)
    with pytest.raises(ReadError, match="cannot be read as a zip archive"), open_archive(tmp_path / "none.zip"):
        pass


def test_is_zip_looks_at_the_first_bytes(tmp_path: Path) -> None:
    assert is_zip(write(tmp_path / "a.zip", {"b": b"1"}))
    (tmp_path / "b.zip").write_bytes(b"hello")
    assert not is_zip(tmp_path / "b.zip")
    assert not is_zip(tmp_path / "none.zip")
