"""What every answer of the server carries, and how little it weighs."""

import asyncio
import gzip
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import Future
from email.message import Message as Received
from pathlib import Path
from typing import Any

import asgi
import pytest
from chromium import Server
from loops import run
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from websockets.exceptions import InvalidStatus
from websockets.protocol import State
from websockets.sync.client import connect
from websockets.typing import Origin

from server import compression, loading
from server.compression import Compression
from server.headers import policy
from vae.limits import check_environment

ROOT = Path(__file__).parents[1]
ADDRESSES = (
    *("", "latent_space", "static/nothing.js", "_stcore/health", "media/nothing", "../x"),
    *("draw", f"files/{32 * '0'}.js"),
)


class Stays(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(
        self, req: object, fp: object, code: object, msg: object, headers: object, newurl: object
    ) -> None: ...


def headers(address: str, **asked: str) -> Received:
    request = urllib.request.Request(address, headers=asked)
    try:
        return urllib.request.build_opener(Stays).open(request, timeout=5).headers
    except urllib.error.HTTPError as error:
        return error.headers


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_headers(server: Server, address: str) -> None:
    found = headers(f"{server.address}/{address}")
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Referrer-Policy"] == "same-origin"
    assert found["Content-Security-Policy"] == policy()


@pytest.mark.parametrize("asked", ["draw", "draw/", "draw?model=best&end=a%2Cb"])
def test_the_first_page_is_found_under_its_name_too(server: Server, asked: str) -> None:
    with urllib.request.urlopen(f"{server.address}/{asked}", timeout=5) as answer:
        assert answer.geturl() == f"{server.address}/" + asked.partition("draw")[2].lstrip("/")
        assert b"<title>" in answer.read()


def status(address: str) -> int:
    try:
        return urllib.request.urlopen(address, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("looked_for", ["_stcore/health", "_stcore/host-config"])
def test_what_streamlit_looks_for_in_the_wrong_place_is_no_error_in_the_console(
    server: Server, looked_for: str
) -> None:
    assert status(f"{server.address}/morph/{looked_for}") == 300
    assert status(f"{server.address}/{looked_for}") == 200
    assert status(f"{server.address}/files/{32 * '0'}.js") == 404  # else an error is an error


def test_a_page_of_another_site_gets_no_websocket(server: Server) -> None:
    socket = f"{server.address.replace('http', 'ws', 1)}/_stcore/stream"
    with pytest.raises(InvalidStatus) as refused, connect(socket, origin=Origin("http://evil")):
        pass
    assert refused.value.response.status_code == 403
    with connect(socket, origin=Origin(server.address)) as admitted:
        assert admitted.state is State.OPEN


def directives() -> dict[str, list[str]]:
    """The content security policy, part by part."""
    return {name: allowed for name, *allowed in map(str.split, policy().split(";"))}


def test_who_may_frame_the_app_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert directives()["frame-ancestors"][:2] == ["'self'", "https://*.streamlit.app"]
    monkeypatch.setenv("VAE_FRAME_ANCESTORS", " https://school.example  https://b.example:8443")
    named = ["https://school.example", "https://b.example:8443"]
    assert directives()["frame-ancestors"] == named


@pytest.mark.parametrize(
    "named", ["'self'; script-src *", "https://a.example, https://b.example", "'self'\nX: y", "a\0"]
)
def test_who_is_named_cannot_change_the_policy_or_break_the_headers(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setattr(os, "environ", {"VAE_FRAME_ANCESTORS": named})
    with pytest.raises(ValueError, match=r"^VAE_FRAME_ANCESTORS is .*; give addresses with spaces"):
        policy()
    with pytest.raises(SystemExit, match=r"^error: VAE_FRAME_ANCESTORS is .*"):
        check_environment(policy)


def test_scripts_and_everything_else_come_from_the_app_alone() -> None:
    """Only pictures and fonts may be inside of a page, and styles, which Streamlit writes there."""
    found = directives()
    scripts = {word for word in found.pop("script-src") if not word.startswith("'sha256-")}
    assert scripts == {"'self'", "blob:", "'unsafe-eval'"}
    found.pop("frame-ancestors")
    assert found == {
        "default-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    }


def test_without_the_server_the_script_routes_all_the_same() -> None:
    """As on a host that runs the script and knows nothing of `app`."""
    code = "import runpy; print(sorted(runpy.run_path('streamlit_app.py', run_name='__main__')))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "'navigation'" in found.stdout
    assert "'app'" not in found.stdout


def test_a_session_waits_until_all_is_imported_and_the_first_page_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the first visitors' own threads would import it beside."""
    imported: Future[None] = Future()
    monkeypatch.setattr(loading, "loading", lambda: imported)
    reached: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["type"])

    async def come() -> None:
        waiting = asyncio.ensure_future(loading.Loading(app)({"type": "websocket"}, never, never))
        await loading.Loading(app)({"type": "http"}, never, never)
        await asyncio.sleep(0.05)
        assert reached == ["http"]
        imported.set_result(None)
        await waiting

    run(come())
    assert reached == ["http", "websocket"]


async def never(*_: object) -> Any:
    raise AssertionError


def test_the_server_listens_before_anything_heavy_is_imported() -> None:
    code = "import sys, streamlit_app; print({'pandas', 'scipy'} & set(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert found.stdout == "set()\n", found.stderr


def test_a_server_that_cannot_import_what_pages_need_ends_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "plotly").mkdir()
    (tmp_path / "plotly" / "__init__.py").write_text("raise ImportError('it is half installed')")
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended = subprocess.run(
        [*command, "--server.headless=true", f"--server.port={port}"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "VAE_RUNS_DIR": str(tmp_path / "runs")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "No page can be shown" in ended.stderr
    assert "it is half installed" in ended.stderr


def test_all_that_pages_import_is_there_with_one_thread_before_the_first_visitor_comes() -> None:
    """Visitors who imported it at the same moment found modules half made."""
    code = """
import sys
import streamlit_app
from server.loading import loading
loading().result()
from streamlit.testing.v1 import AppTest
from threadpoolctl import threadpool_info
before = set(sys.modules)
assert not AppTest.from_file("pages/draw.py", default_timeout=60).run().exception
print(*[f"{one['internal_api']}={one['num_threads']}" for one in threadpool_info()])
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "openblas=1" in found.stdout, found.stderr  # told before NumPy was there
    assert not {"pages", "pandas", "plotly", "scipy", "vae"} & set(found.stdout.split())


class Files:
    """Two files behind the compression: one that lasts, one that does not."""

    content = b"const digits = [0, 1, 2, 3];\n" * 400

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.app = Starlette(
            routes=[Route("/{name}", self.answer)], middleware=[Middleware(Compression)]
        )

    def answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        cache = "no-cache" if request.url.path == "/page" else "public, immutable, max-age=31536000"
        return Response(self.content, media_type="text/plain", headers={"Cache-Control": cache})

    def get(self, path: str, encoding: str = "gzip") -> tuple[Headers, bytes]:
        return asgi.get(self.app, path, encoding)[1:]


def test_a_file_that_lasts_is_compressed_once() -> None:
    origin = Files()
    first, again = origin.get("/file"), origin.get("/file")
    assert first == again
    assert gzip.decompress(again[1]) == origin.content
    assert len(again[1]) < len(origin.content) / 10
    assert origin.asked == ["/file"]


def test_what_may_change_is_asked_for_anew() -> None:
    origin = Files()
    assert origin.get("/page")[1] == origin.get("/page")[1]
    assert origin.asked == ["/page", "/page"]


def test_who_cannot_read_compressed_files_gets_them_as_they_are() -> None:
    origin = Files()
    origin.get("/file")
    found, body = origin.get("/file", encoding="identity")
    assert body == origin.content
    assert "content-encoding" not in found


def test_what_visitors_download_is_left_as_it_is() -> None:
    """An archive of 100 MB takes seconds to compress, and nobody else is answered meanwhile."""
    app = Starlette(
        routes=[Route("/media/{name}", lambda request: Response(bytes(10_000)))],
        middleware=[Middleware(Compression)],
    )
    _, found, body = asgi.get(app, "/media/run.zip")
    assert "content-encoding" not in found
    assert body == bytes(10_000)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    origin = Files()
    monkeypatch.setattr(compression, "MOST", 2 * len(origin.get("/0")[1]))
    for name in ("/1", "/2", "/0", "/2"):
        origin.get(name)
    assert origin.asked == ["/0", "/1", "/2", "/0"]


def test_other_spellings_of_an_address_are_not_kept() -> None:
    """Streamlit finds a file under all of them: its few files would fill all the room, and long
    addresses far more than that."""
    lasting = {"Cache-Control": "public, immutable, max-age=31536000"}
    compressing = Compression(Response(Files.content, headers=lasting))
    for path in ("/static//file", "/static/./file", "/static/file/", "/static/file"):
        assert asgi.get(compressing, path)[0] == 200
    assert [*compressing._kept] == ["/static/file"]


def test_what_somebody_left_before_it_was_whole_is_not_kept_for_others() -> None:
    whole = gzip.compress(Files.content)
    ends = [len(whole) // 2, len(whole)]

    async def leaving(scope: Scope, receive: Receive, send: Send) -> None:
        lasting = [(b"cache-control", b"immutable"), (b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 200, "headers": lasting})
        end = ends.pop(0)
        await send(
            {"type": "http.response.body", "body": whole[:end], "more_body": end < len(whole)}
        )

    compressing = Compression(leaving)
    asgi.get(compressing, "/file")
    assert [*compressing._kept] == []
    assert asgi.get(compressing, "/file")[2] == asgi.get(compressing, "/file")[2] == whole


def test_who_leaves_while_the_page_loads_breaks_it_for_nobody(server: Server) -> None:
    """Most of its script was still to come."""
    page = urllib.request.urlopen(server.address, timeout=5).read().decode()
    [script] = re.findall(r'src="\./(static/js/[^"]+)"', page)
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as leaving:
        leaving.send(f"GET /{script} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        assert leaving.recv(200).startswith(b"HTTP/1.1 200")
    asked = urllib.request.Request(
        f"{server.address}/{script}", headers={"Accept-Encoding": "gzip"}
    )
    whole = urllib.request.urlopen(f"{server.address}/{script}", timeout=5).read()
    for _ in range(2):
        assert gzip.decompress(urllib.request.urlopen(asked, timeout=5).read()) == whole


def test_streamlits_own_files_come_compressed(server: Server) -> None:
    page = urllib.request.urlopen(server.address, timeout=5).read().decode()
    scripts = re.findall(r'src="\./(static/js/[^"]+)"', page)
    assert len(scripts) == 1
    found = headers(f"{server.address}/{scripts[0]}", **{"Accept-Encoding": "gzip"})
    assert found["Content-Encoding"] == "gzip"
