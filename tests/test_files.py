"""Files for browsers to keep: named after what is in them, bounded, handed out over HTTP."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import asgi
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers

from pages.shared.files import File, Files
from server import files as served


def test_a_file_is_made_once_and_named_after_what_is_in_it() -> None:
    files, made = Files(), []

    def make() -> bytes:
        made.append(threading.get_ident())
        return b"digits"

    with ThreadPoolExecutor(4) as threads:
        names = set(threads.map(lambda _: files.offer("a", "json", make).name, range(20)))
    assert len(made) == 1
    assert names == {files.offer("another key", "json", lambda: b"digits").name}
    assert names != {files.offer("b", "json", lambda: b"other digits").name}


def test_what_cannot_be_made_is_tried_again() -> None:
    files = Files()

    def fail() -> bytes:
        raise OSError("the disk is away")

    with pytest.raises(OSError, match="the disk is away"):
        files.offer("a", "bin", fail)
    assert files.offer("a", "bin", lambda: b"there").content == b"there"


def test_no_more_than_so_many_bytes_are_kept_and_the_least_wanted_go() -> None:
    files = Files(most=1000)

    def offer(key: str) -> File:
        return files.offer(key, "bin", lambda: key.encode() * 400)

    first, second = offer("a"), offer("b")
    offer("a")
    third = offer("c")
    assert files.find(second.name) is None
    assert (files.find(first.name), files.find(third.name)) == (first, third)
    assert offer("b") == second


def test_content_that_two_keys_share_stays_as_long_as_one_of_them() -> None:
    files = Files(most=1000)
    for key in ("a", "b"):
        shared = files.offer(key, "bin", lambda: b"x" * 400)
    files.offer("c", "bin", lambda: b"y" * 400)
    files.offer("d", "bin", lambda: b"z" * 100)
    files.offer("b", "bin", lambda: b"x" * 400)
    assert files.find(shared.name) == shared


def test_a_late_file_is_made_again_when_a_browser_asks_for_it_after_it_is_gone() -> None:
    files, content = Files(most=1000), [b"weights" * 100]
    late = files.offer_late("a", "bin", lambda: content[0])
    usual = files.offer("b", "bin", lambda: b"x" * 800)
    files.offer("c", "bin", lambda: b"y" * 800)
    assert files.find(late.name) is files.find(usual.name) is None
    assert files.make_again(late.name) == late
    assert files.make_again(usual.name) is None
    assert files.make_again("unknown.bin") is None
    files.offer("d", "bin", lambda: b"z" * 800)
    content[0] = b"others"  # the run was replaced meanwhile
    assert files.make_again(late.name) is None


def test_a_late_file_of_what_is_gone_is_not_there() -> None:
    files, runs = Files(most=10), [b"weights"]
    late = files.offer_late("a", "bin", lambda: runs.pop())  # and then there is none
    files.offer("b", "bin", lambda: b"x" * 20)
    assert files.make_again(late.name) is None


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    own = Files()
    monkeypatch.setattr(served, "FILES", own)
    return own


def get(path: str, encoding: str = "gzip") -> tuple[int, Headers, bytes]:
    """What the server answers."""
    return asgi.get(served.Files(Starlette()), path, encoding)


@pytest.mark.parametrize("folder", ["/files", "/class/digits/files"])
def test_a_file_is_handed_out_for_ever_wherever_the_app_lies(files: Files, folder: str) -> None:
    name = files.offer("a", "json", lambda: b"[1, 2, 3]").name
    status, headers, body = get(f"{folder}/{name}")
    assert (status, gzip.decompress(body)) == (200, b"[1, 2, 3]")
    assert headers["content-encoding"] == "gzip"
    assert headers["content-type"] == "application/json"
    assert "immutable" in headers["cache-control"]


def test_who_cannot_unzip_gets_it_as_it_is(files: Files) -> None:
    name = files.offer("a", "js", lambda: b"let z;").name
    _, headers, body = get(f"/files/{name}", encoding="identity")
    assert body == b"let z;"
    assert "content-encoding" not in headers


def test_what_is_compressed_already_is_left_alone(files: Files) -> None:
    content = gzip.compress(b"a bundle")
    _, headers, body = get(f"/files/{files.offer('a', 'bin', lambda: content).name}")
    assert body == content
    assert "content-encoding" not in headers


def test_what_is_not_there_is_not_remembered_as_missing(files: Files) -> None:
    status, headers, _ = get(f"/files/{'0' * 32}.bin")
    assert (status, headers["cache-control"]) == (404, "no-store")


def test_files_count_as_served_once_a_request_has_come_through(files: Files) -> None:
    assert not files.is_served
    get("/")
    assert files.is_served


def test_the_server_hands_out_a_late_file_that_was_gone(files: Files) -> None:
    files._most = 1000
    name = files.offer_late("a", "bin", lambda: b"weights" * 100).name
    files.offer("b", "bin", lambda: b"x" * 900)
    assert files.find(name) is None
    status, _, body = get(f"/files/{name}")
    assert (status, body) == (200, b"weights" * 100)
