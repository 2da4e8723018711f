"""Addresses that people type, and that Streamlit does not know."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Addresses:
    """Sends who asks for `/draw` to the first page, whose address has no name of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or pass the request on."""
        if scope["type"] == "http" and scope["path"].rstrip("/").endswith("/draw"):
            up = "../" if scope["path"].endswith("/") else "./"
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(up + (query and f"?{query}"))(scope, receive, send)
            return
        await self._app(scope, receive, send)
