"""How much of what a visitor sends stays in memory."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

MOST = 110_000_000  # bytes of one session: one run to import, or many photos
MOST_FILES = 20
_ADDRESS = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")


class Uploads:
    """Lets go of a session's earlier files where the newest would make them too many.

    Streamlit keeps all that a session ever sent until it ends, wanted or not, and takes any number.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and then see what there is too much of."""
        await self._app(scope, receive, send)
        sent = _ADDRESS.search(scope["path"]) if scope["type"] == "http" else None
        if sent and runtime.exists():
            kept = runtime.get_instance().uploaded_file_mgr
            if isinstance(kept, MemoryUploadedFileManager):
                let_go(kept, sent[1])


def let_go(kept: MemoryUploadedFileManager, session: str) -> None:
    """Remove what a session sent first, as long as it has too much, but never its last file."""
    sizes = {name: len(file.data) for name, file in [*kept.file_storage.get(session, {}).items()]}
    for name in [*sizes][:-1]:
        if sum(sizes.values()) <= MOST and len(sizes) <= MOST_FILES:
            return
        kept.remove_file(session, name)
        del sizes[name]
