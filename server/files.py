"""Hands out the files that never change."""

import asyncio
import gzip
import re

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.shared.files import FILES, FOLDER, File

_NAME = re.compile(rf"/{FOLDER}/([0-9a-f]{{32}}\.[a-z]+)$")  # below whatever path the app has
_TYPES = {
    "js": "text/javascript",
    "json": "application/json",
    "bin": "application/octet-stream",
    "png": "image/png",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


class Files:
    """Answers for the files of `pages/shared/files.py`, and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        FILES.is_served = True
        asked = _NAME.search(scope["path"]) if scope["type"] == "http" else None
        if asked is None or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        file = FILES.find(asked[1]) or await asyncio.to_thread(FILES.make_again, asked[1])
        if file is None:
            missing = Response("no such file", 404, headers={"Cache-Control": "no-store"})
            await missing(scope, receive, send)
            return
        await _answer(file, "gzip" in Headers(scope=scope).get("accept-encoding", ""))(
            scope, receive, send
        )


def _answer(file: File, may_be_zipped: bool) -> Response:
    headers, content = dict(_FOREVER), file.content
    if file.is_zipped and may_be_zipped:
        headers["Content-Encoding"] = "gzip"
    elif file.is_zipped:
        content = gzip.decompress(content)
    return Response(content, media_type=_TYPES[file.kind], headers=headers)
