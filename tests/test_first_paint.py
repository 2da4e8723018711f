"""What stands in the first answer: a digit that the shipped model draws, and the page untouched."""

import asyncio
import re
import shutil
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

import asgi
import numpy as np
import pytest
from chromium import Server, served
from loops import run
from PIL import Image
from starlette.responses import FileResponse, Response
from starlette.types import Message, Scope
from streamlit import file_util

from pages.shared import files, waiting
from server.first_paint import FirstPaint
from vae import film, inference, runs
from vae.evaluation import classifier

ROOT = Path(__file__).parents[1]
INDEX = Path(file_util.get_static_dir()) / "index.html"
FILM = r'<img src="\./(files/[0-9a-f]{32}\.png)" alt="">'


@pytest.fixture
def anew() -> Iterator[None]:
    """The film is made anew, as by another server."""
    kept = files.FILES._kept.pop("film", None)
    waiting.film.forget()
    yield
    waiting.film.forget()
    files.FILES._kept.pop("film", None)
    if kept:
        files.FILES._kept["film"] = kept


def asked(
    method: str = "GET", path: str = "/", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """What the page's file behind the middleware answers."""
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()  # nothing more is said
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http", "method": method, "path": path, "query_string": b"", "root_path": "",
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    answer = FileResponse(INDEX, headers={"Cache-Control": "no-cache"})
    run(FirstPaint(answer)(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(one.get("body", b"") for one in sent[1:])


def without_what_was_put_in(page: str) -> str:
    for own in (waiting.hint(), waiting.block()):
        assert page.count(own) == 1
        page = page.replace(own, "")
    return page


@pytest.mark.parametrize("address", ["", "/generate", "/latent_space?model=map"])
def test_every_page_begins_with_a_digit_and_is_streamlits_own_but_for_that(
    address: str, server: Server
) -> None:
    with urllib.request.urlopen(f"{server.address}{address}", timeout=10) as answer:
        page = answer.read()
        assert int(answer.headers["Content-Length"]) == len(page)
        assert answer.headers["Cache-Control"] == "no-cache"
    assert without_what_was_put_in(page.decode()) == INDEX.read_text(encoding="utf-8")
    assert "Latent Digits" in page.decode()


def test_the_digit_is_decoded_by_the_served_model_frame_for_frame(server: Server) -> None:
    with urllib.request.urlopen(f"{server.address}/generate", timeout=10) as answer:
        page = answer.read().decode()
    address = re.findall(FILM, page)
    assert len(address) == 1
    assert re.findall(r'<link rel="preload" as="image" href="\./([^"]+)"', page) == address
    with urllib.request.urlopen(f"{server.address}/{address[0]}", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert "immutable" in answer.headers["Cache-Control"]
        shown = np.asarray(Image.open(BytesIO(answer.read())))
    model = inference.load(runs.SHIPPED / "map")
    decoded = 255 * model.decode(film.way())
    assert np.abs(shown.reshape(decoded.shape) - decoded).max() <= 1  # LiteRT's two ways differ


def test_the_film_goes_through_all_ten_classes_and_ends_where_it_began() -> None:
    model = inference.load(runs.SHIPPED / "map")
    sure = classifier.read().probabilities(model.decode(film.way())).max(axis=1) > 0.9
    seen = classifier.read().probabilities(model.decode(film.way())).argmax(axis=1)
    assert set(seen[sure]) == set(range(10))
    steps = np.linalg.norm(np.diff(film.way(), axis=0, append=film.way()[:1]), axis=1)
    assert steps[-1] < 1.1 * steps.max()


def test_the_style_sheet_has_the_films_frames_and_the_themes_colours() -> None:
    styles = waiting._STYLES
    assert f"--frames: {film.FRAMES};" in styles
    themes = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    light, dark = re.findall(r"background: (#\w{6});\s+color: (#\w{6});", styles)
    assert light == (themes["light"]["backgroundColor"], themes["light"]["textColor"])
    assert dark == (themes["dark"]["backgroundColor"], "#fafafa")  # Streamlit's own
    sides = [int(side) for side in re.findall(r"--side: (\d+)px", styles)]
    assert [side % 28 for side in sides] == [0, 0, 0]


def test_a_browser_that_has_the_page_gets_it_once() -> None:
    status, first, page = asked()
    assert status == 200
    assert "last-modified" not in first
    assert "accept-ranges" not in first
    status, found, body = asked(if_none_match=f'"other", {first["etag"]}')
    assert (status, body) == (304, b"")
    assert found == {"etag": first["etag"], "cache-control": "no-cache"}
    assert asked(if_none_match='"other"')[::2] == (200, page)


def test_who_has_streamlits_own_page_or_wants_a_part_gets_all_of_this_one() -> None:
    _, _, page = asked()
    [tag] = [value for name, value in _of_the_file() if name == "etag"]
    [since] = [value for name, value in _of_the_file() if name == "last-modified"]
    assert asked(if_none_match=tag)[::2] == (200, page)
    assert asked(if_modified_since=since)[::2] == (200, page)
    assert asked(range="bytes=0-9")[::2] == (200, page)


def _of_the_file() -> list[tuple[str, str]]:
    return FileResponse(INDEX, stat_result=INDEX.stat()).headers.items()


def test_who_asks_for_the_head_gets_what_the_page_would_have() -> None:
    status, whole, page = asked()
    assert asked("HEAD") == (status, whole, b"")
    assert whole["content-length"] == str(len(page))


def test_it_is_compressed_like_everything_else(server: Server) -> None:
    request = urllib.request.Request(
        f"{server.address}/generate", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.read()) < 6000


def test_nothing_else_is_touched() -> None:
    page = b'<link rel="x"><div id="root"></div>'
    for path, answer in {
        "/static/page.html": Response(page, media_type="text/html"),
        "/page": Response(page, 404, media_type="text/html"),
        "/text": Response(page, media_type="text/plain"),
        "/other": Response(b"<p>another page</p>", media_type="text/html"),
    }.items():
        assert asgi.get(FirstPaint(answer), path)[2] == answer.body


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_without_the_model_the_words_stand_alone(
    harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if harm == "damaged":
        shutil.copytree(runs.SHIPPED / "map", tmp_path / "map")
        (tmp_path / "map" / "decoder.tflite").write_bytes(b"TFL3")
    monkeypatch.setattr(runs, "SHIPPED", tmp_path)
    status, headers, page = asked()
    assert status == 200
    assert headers["content-length"] == str(len(page))
    assert "The page is on its way" in page.decode()
    assert "<img" not in page.decode()
    assert "preload" not in waiting.hint()
    assert str(tmp_path) not in page.decode()
    assert "No digit is shown while pages load" in caplog.text


def test_a_head_and_a_condition_are_fine_on_the_server(server: Server) -> None:
    request = urllib.request.Request(f"{server.address}/generate", method="HEAD")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
        tag = answer.headers["ETag"]
    again = urllib.request.Request(f"{server.address}/generate", headers={"If-None-Match": tag})
    with pytest.raises(urllib.error.HTTPError) as unchanged:
        urllib.request.urlopen(again, timeout=10)
    assert unchanged.value.code == 304
    unchanged.value.close()


def test_below_a_path_the_film_is_found_from_every_page(tmp_path: Path) -> None:
    with served(tmp_path, below="digits") as server:
        for page in (f"{server.address}/", f"{server.address}/generate"):
            with urllib.request.urlopen(page, timeout=10) as answer:
                [address] = re.findall(FILM, answer.read().decode())
            with urllib.request.urlopen(urljoin(page, f"./{address}"), timeout=10) as answer:
                assert answer.headers["Content-Type"] == "image/png"
