"""Files that never change are compressed once, and kept so."""

from collections import OrderedDict
from posixpath import normpath

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 32_000_000  # bytes that are kept; all of Streamlit's own files take 7 MB
_DOWNLOADS = "/media/"


class Compression:
    """Compresses every answer, and keeps those that their headers call immutable.

    Streamlit sends its own files as they are, 3 MB for the first page, so as not to compress them
    for each visitor anew. What visitors download stays as it is: pictures and archives are
    compressed already, and while one of 100 MB is compressed nobody else is answered. So do files
    under another spelling of their address (`//` for `/`): there are as many as anybody likes, and
    each would be kept.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressing = GZipMiddleware(app, compresslevel=6)
        self._kept: OrderedDict[str, list[Message]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or pass the request on and compress its answer."""
        if not _asks_for_a_compressed_whole(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path in self._kept:
            self._kept.move_to_end(path)
            for message in self._kept[path]:
                await send(dict(message))
            return
        answer: list[Message] = []

        async def remember(message: Message) -> None:
            answer.append(dict(message))
            await send(message)

        await self._compressing(scope, receive, remember)
        if _is_lasting(answer):
            self._kept[path] = answer
            while sum(map(_size, self._kept.values())) > MOST:
                self._kept.popitem(last=False)


def _asks_for_a_compressed_whole(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return False
    if _DOWNLOADS in scope["path"] or scope["path"] != normpath(scope["path"]):
        return False
    headers = Headers(scope=scope)
    partial = {"range", "if-none-match", "if-modified-since"} & set(headers.keys())
    return "gzip" in headers.get("accept-encoding", "") and not partial


def _is_lasting(answer: list[Message]) -> bool:
    start, end = answer[0], answer[-1]
    headers = Headers(raw=start["headers"])
    return (
        start["status"] == 200
        and not end.get("more_body")  # else who asked left before all of it was there
        and "immutable" in headers.get("cache-control", "")
        and headers.get("content-encoding") == "gzip"
    )


def _size(answer: list[Message]) -> int:
    return sum(len(message.get("body", b"")) for message in answer)
