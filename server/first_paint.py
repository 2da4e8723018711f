"""Something to see in the first answer, long before Streamlit's script has come."""

import asyncio
import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.shared import waiting

_ROOT = b'<div id="root"></div>'  # where Streamlit's script puts the page
_LINK = b"<link "  # the first thing that the page asks for
_OF_THE_FILE = {
    *(b"if-none-match", b"if-modified-since", b"range", b"if-range"),
    b"accept-encoding",  # what is compressed by then could not be added to
}
"""What a browser may ask of the file as it lies there, which nobody gets."""
_KEPT_IN_304 = {b"cache-control", b"etag", b"set-cookie", b"vary"}


class FirstPaint:
    """Puts what `pages/shared/waiting.py` makes into Streamlit's page, under all its addresses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to its answer if that is the page."""
        if not _may_be_for_the_page(scope):
            await self._app(scope, receive, send)
            return
        asked = [header for header in scope["headers"] if header[0] not in _OF_THE_FILE]
        answer = _Answer(scope, send)
        await self._app({**scope, "method": "GET", "headers": asked}, receive, answer.take)


class _Answer:
    """An answer as it comes, held back if it is the page until all of it is there."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._asked = Headers(scope=scope)
        self._is_head = scope["method"] == "HEAD"
        self._send = send
        self._start: Message = {}
        self._is_page = False
        self._page = b""

    async def take(self, message: Message) -> None:
        """One message of the answer."""
        if message["type"] == "http.response.start":
            self._start, self._is_page = message, _is_a_page(message)
        if not self._is_page:
            await self._send({**message, "body": b""} if self._is_head else message)
        elif message["type"] == "http.response.body":
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                await self._pass_on(await _with_something_to_see(self._page))

    async def _pass_on(self, page: bytes) -> None:
        tag = f'W/"{hashlib.sha256(page).hexdigest()[:32]}"'
        headers = MutableHeaders(scope=self._start)
        del headers["last-modified"], headers["accept-ranges"]
        headers["etag"], headers["content-length"] = tag, str(len(page))
        if _has(self._asked, tag):
            self._start["status"] = 304
            self._start["headers"] = [pair for pair in headers.raw if pair[0] in _KEPT_IN_304]
        is_sent = self._start["status"] == 200 and not self._is_head
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": page if is_sent else b""})


def _may_be_for_the_page(scope: Scope) -> bool:
    """Whether an address names no file: those of pages have no dot."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and ("." not in scope["path"].rpartition("/")[2] or scope["path"].endswith("/index.html"))
    )


def _is_a_page(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return start["status"] == 200 and headers.get("content-type", "").startswith("text/html")


def _has(asked: Headers, tag: str) -> bool:
    """Whether a browser has this very page."""
    known = [one.strip() for one in asked.get("if-none-match", "").split(",")]
    return bool({tag, tag.removeprefix("W/"), "*"} & set(known))


async def _with_something_to_see(page: bytes) -> bytes:
    if _ROOT not in page or _LINK not in page:
        return page
    hint, block = await asyncio.to_thread(lambda: (waiting.hint(), waiting.block()))
    # Behind the root, so that the style sheet can tell whether that is empty.
    page = page.replace(_ROOT, _ROOT + block.encode(), 1)
    return page.replace(_LINK, hint.encode() + _LINK, 1)
