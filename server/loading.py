"""The server listens first, and imports what pages need while browsers load Streamlit's script."""

import asyncio
import functools
import logging
import os
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

    In one thread: two that import modules which import one another may find one half made. A server
    that cannot import what pages need ends, as it would have at its start.
    """
    worker = ThreadPoolExecutor(1, "loading")
    worker.submit(waiting.address)
    loaded = worker.submit(once.load)
    loaded.add_done_callback(_end_if_it_failed)
    return loaded


def _end_if_it_failed(loaded: "Future[None]") -> None:
    if error := loaded.exception():
        logging.getLogger(__name__).critical("No page can be shown", exc_info=error)
        os._exit(1)  # a signal would only ask for it, and report success


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
