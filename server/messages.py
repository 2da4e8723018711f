"""How large a message of a browser may be."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 4_000_000  # bytes; a drawing of half an hour has less


class Messages:
    """Ends a connection that sends a larger message: read, it would take ten times its size.

    Files come another way, and are bounded by `server.maxUploadSize`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the connection on, with an end in place of a message that is too large."""

        async def bounded() -> Message:
            message = await receive()
            if len(message.get("bytes") or message.get("text") or b"") <= MOST:
                return message
            reason = f"A message may have {MOST:,} bytes."
            await send({"type": "websocket.close", "code": 1009, "reason": reason})
            return {"type": "websocket.disconnect", "code": 1009, "reason": reason}

        await self._app(scope, bounded if scope["type"] == "websocket" else receive, send)
