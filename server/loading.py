"""The server listens first, and imports what pages need while browsers load Streamlit's script."""

import asyncio
import functools
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from pages.shared import once, waiting
from server.sockets import send_at_once


@functools.cache
def loading() -> "Future[None]":
    """What is begun when it is first asked for: the film, which is wanted first, then the imports.

    In one thread: two that import modules which import one another may find one half made.
    """
    worker = ThreadPoolExecutor(1, "loading")
    worker.submit(waiting.address)
    return worker.submit(once.load)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """What lasts as long as the app is served."""
    loading()
    async with send_at_once(app):
        yield


class Loading:
    """Lets no session begin before everything is imported."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a WebSocket only then."""
        if scope["type"] == "websocket":
            await asyncio.shield(asyncio.wrap_future(loading()))
        await self._app(scope, receive, send)
