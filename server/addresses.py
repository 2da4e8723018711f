"""Addresses that are asked for, and that Streamlit does not know."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOKED_FOR = ("/_stcore/health", "/_stcore/host-config")
NOT_FOUND, ELSEWHERE = 404, 300


class Addresses:
    """Answers for `/draw`, and for what Streamlit's page looks for in the wrong place.

    Who asks for `/draw` is sent to the first page, whose address has no name of its own. And a page
    opened at `/morph` looks for its server at `/morph/_stcore/health` before it does at
    `/_stcore/health`: it is told that there is none with a status that browsers do not take for an
    error, which they would print to the console.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or pass the request on."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path.rstrip("/").endswith("/draw"):
            up = "../" if path.endswith("/") else "./"
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(up + (query and f"?{query}"))(scope, receive, send)
            return

        async def without_error(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == NOT_FOUND:
                message["status"] = ELSEWHERE
            await send(message)

        await self._app(scope, receive, without_error if path.endswith(LOOKED_FOR) else send)
