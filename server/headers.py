"""The headers that every answer carries: what a browser may load, run and frame of this app.

Source: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
"""

import base64
import hashlib
import os
import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

# Community Cloud shows an app in a frame of its own.
FRAMED_BY = "'self' https://*.streamlit.app https://share.streamlit.io"


class Headers:
    """Puts the headers on every answer. Streamlit itself sends none of them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy(),
            "Referrer-Policy": "same-origin",  # an address names runs: nobody else's business
            "X-Content-Type-Options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and put the headers on its answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers)


def policy() -> str:
    """The content security policy.

    Raises:
        ValueError: as of `framed_by`.
    """
    return "; ".join(
        [
            "default-src 'self'",
            # blob: is how components are loaded. Compiled is what Plotly draws by WebGL, and
            # what computes the page's networks (WebAssembly).
            f"script-src 'self' blob: 'unsafe-eval' {_inline_scripts()}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {framed_by()}",
        ]
    )


def framed_by() -> str:
    """Who may show the app in a frame, as `VAE_FRAME_ANCESTORS` names them.

    Raises:
        ValueError: it holds what would end the policy, or what no header can hold.
    """
    named = os.environ.get("VAE_FRAME_ANCESTORS", "").strip() or FRAMED_BY
    if not re.fullmatch(r"[!-+\--:<-~]+( +[!-+\--:<-~]+)*", named):  # neither ; nor , in it
        raise ValueError(
            f"VAE_FRAME_ANCESTORS is {named!r}; give addresses with spaces between them, as "
            "\"'self' https://school.example\""
        )
    return named


def _inline_scripts() -> str:
    """The hashes of what Streamlit's page holds in scripts of its own."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
