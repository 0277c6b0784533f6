from __future__ import annotations

import gzip
from pathlib import Path

import fsspec
import pytest

from omnicorpus.crawl import COMMON_CRAWL, files
from omnicorpus.errors import InputError


def touch(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).write_bytes(b"x")
    return [str(folder / name) for name in names]


def test_folders_and_globs_give_their_crawl_files_sorted_and_each_once(tmp_path: Path) -> None:
    a, b, _ = touch(tmp_path, "a.warc.gz", "b.warc", "notes.md")
    assert files([str(tmp_path)]) == [a, b]
    assert files([b, str(tmp_path / "*.warc*")]) == [b, a]


def test_a_list_names_files_beside_itself_and_addresses(tmp_path: Path) -> None:
    (a,) = touch(tmp_path, "a.warc")
    (tmp_path / "all.txt").write_text("# a comment\na.warc\n\nhttps://x.test/b.warc.gz\n")
    assert files([str(tmp_path / "all.txt")]) == [a, "https://x.test/b.warc.gz"]


def test_common_crawls_list_leads_to_common_crawl(tmp_path: Path) -> None:
    entry = "crawl-data/CC-MAIN-2023-50/segments/1/warc/CC-MAIN-0.warc.gz"
    (tmp_path / "warc.paths.gz").write_bytes(gzip.compress(f"{entry}\n".encode()))
    assert files([str(tmp_path / "warc.paths.gz")]) == [COMMON_CRAWL + entry]


def test_a_mirrors_list_leads_to_the_mirror() -> None:
    entry = "crawl-data/CC-MAIN-2023-50/segments/1/warc/CC-MAIN-0.warc.gz"
    listing = "memory://mirror/crawl-data/CC-MAIN-2023-50/warc.paths.gz"
    with fsspec.open(listing, "wb") as file:
        file.write(gzip.compress(entry.encode()))
    assert files([listing]) == ["memory://mirror/" + entry]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.warc", None, "no such file"),
        ("*.warc", None, "nothing matches"),
        ("empty.txt", b"", "names no file"),
        ("broken.paths.gz", b"\x1f\x8bxx", "can't read the list"),
        ("binary.txt", b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        files([str(tmp_path / name)])


def test_a_folder_without_crawl_files_and_no_input_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no file that ends in"):
        files([str(tmp_path)])
    with pytest.raises(InputError, match="no input"):
        files([])


def test_an_unknown_scheme_is_refused_with_the_remedy() -> None:
    with pytest.raises(InputError, match=r"can't reach nowhere://x\.warc"):
        files(["nowhere://x.warc"])
