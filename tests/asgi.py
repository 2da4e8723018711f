"""An ASGI app asked without a server."""

from loops import run
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope


def get(app: ASGIApp, path: str, encoding: str = "gzip") -> tuple[int, Headers, bytes]:
    """What the app answers: status, headers and body."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": "",
        "headers": [(b"accept-encoding", encoding.encode())],
    }  # fmt: skip

    async def ask() -> None:
        await app(scope, receive, send)

    run(ask())
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], Headers(raw=sent[0]["headers"]), body
