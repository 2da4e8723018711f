"""What every answer of the server carries, and how little it weighs."""

import gzip
import re
import subprocess
import sys
import urllib.error
import urllib.request
from email.message import Message as Received
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from chromium import Server
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Scope
from websockets.exceptions import InvalidStatus
from websockets.protocol import State
from websockets.sync.client import connect
from websockets.typing import Origin

from server import compression
from server.compression import Compression
from server.headers import policy

ROOT = Path(__file__).parents[1]
ADDRESSES = ("", "latent_space", "static/nothing.js", "_stcore/health", "media/nothing", "../x")


def headers(address: str, **asked: str) -> Received:
    request = urllib.request.Request(address, headers=asked)
    try:
        return urllib.request.urlopen(request, timeout=5).headers
    except urllib.error.HTTPError as error:
        return error.headers


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_headers(server: Server, address: str) -> None:
    found = headers(f"{server.address}/{address}")
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Referrer-Policy"] == "same-origin"
    assert found["Content-Security-Policy"] == policy()


def test_a_page_of_another_site_gets_no_websocket(server: Server) -> None:
    socket = f"{server.address.replace('http', 'ws', 1)}/_stcore/stream"
    with pytest.raises(InvalidStatus) as refused, connect(socket, origin=Origin("http://evil")):
        pass
    assert refused.value.response.status_code == 403
    with connect(socket, origin=Origin(server.address)) as admitted:
        assert admitted.state is State.OPEN


def test_who_may_frame_the_app_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "frame-ancestors 'self' https://*.streamlit.app" in policy()
    monkeypatch.setenv("VAE_FRAME_ANCESTORS", "https://school.example")
    assert policy().endswith("frame-ancestors https://school.example")


def test_without_the_server_the_script_routes_all_the_same() -> None:
    """As on a host that runs the script and knows nothing of `app`."""
    code = "import runpy; print(sorted(runpy.run_path('streamlit_app.py', run_name='__main__')))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "'navigation'" in found.stdout
    assert "'app'" not in found.stdout


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
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": "",
            "headers": [(b"accept-encoding", encoding.encode())],
        }  # fmt: skip
        with start_blocking_portal() as portal:
            portal.call(self.app, scope, receive, send)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Headers(raw=sent[0]["headers"]), body


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


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    origin = Files()
    monkeypatch.setattr(compression, "MOST", 2 * len(origin.get("/0")[1]))
    for name in ("/1", "/2", "/0", "/2"):
        origin.get(name)
    assert origin.asked == ["/0", "/1", "/2", "/0"]


def test_streamlits_own_files_come_compressed(server: Server) -> None:
    page = urllib.request.urlopen(server.address, timeout=5).read().decode()
    scripts = re.findall(r'src="\./(static/js/[^"]+)"', page)
    assert len(scripts) == 1
    found = headers(f"{server.address}/{scripts[0]}", **{"Accept-Encoding": "gzip"})
    assert found["Content-Encoding"] == "gzip"
