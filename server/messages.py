"""What a browser may say over the WebSocket, how much of it at once, and in how many parts."""

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.util import calc_hash

MOST = 4_000_000  # bytes; a drawing of half an hour has less
MOST_PARTS = 3000  # widgets, choices, names of files; no page has a tenth of that
MOST_ADDRESS = 65_536  # characters of a query; servers take no longer one over HTTP
_SAID = {
    *("rerun_script", "stop_script", "app_heartbeat"),
    *("file_urls_request", "backend_operation_request"),  # before a file is sent, or fetched
}
"""What the app's own pages say. Streamlit would also empty the caches of all visitors, tell which
commit is served, watch its sources or install files of its own for whoever asks."""
FIRST_PAGE = "draw"  # its file, from which Streamlit has the page's number
_ASKED = (None, "deferred_file", "dataframe_chunk")  # of the last of these


class Messages:
    """Passes over what no page of this app says, and ends a connection that says too much.

    Read, a message would take ten times its size; and one of 4 MB that asked for places for two
    million files held up all visitors for 39 s. Files come another way, see `upload_memory.py`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the connection on, with an end in place of a message that is too large."""
        visit = _Visit()

        async def bounded() -> Message:
            while True:
                message = await receive()
                said = _read(message)
                reason = _excess(message, said)
                if reason:
                    await send({"type": "websocket.close", "code": 1009, "reason": reason})
                    return {"type": "websocket.disconnect", "code": 1009, "reason": reason}
                if said is None or (_is_ours(said) and not visit.is_late(said)):
                    return message

        await self._app(scope, bounded if scope["type"] == "websocket" else receive, send)


class _Visit:
    """On which page a browser is, as far as it says.

    What a part of a page says just after a link to another was clicked, as Draw of networks that
    have come, would be answered on the page that was left, by nothing: and Streamlit would show
    that nothing instead of the page that was asked for, until the next click.
    """

    def __init__(self) -> None:
        self._page = self._awaited = ""

    def is_late(self, said: BackMsg) -> bool:
        """Whether a part of another page says so than the one that was asked for last, before
        anything has been said there: pages that Python leads to are not asked for."""
        if said.WhichOneof("type") != "rerun_script":
            return False
        state, fragment = said.rerun_script, said.rerun_script.fragment_id
        page = state.page_script_hash or calc_hash(state.page_name or FIRST_PAGE)
        if fragment and self._awaited not in ("", page):
            return True
        is_asked_for = not fragment and page != self._page != ""
        self._page, self._awaited = page, page if is_asked_for else ""
        return False


def _read(message: Message) -> BackMsg | None:
    """What a browser says; None if it is nothing that Streamlit could read."""
    content = message.get("bytes")
    if not content or len(content) > MOST:
        return None
    try:
        return BackMsg.FromString(content)
    except DecodeError:
        return None


def _is_ours(said: BackMsg) -> bool:
    """Whether a page of this app says so."""
    asked = said.backend_operation_request.WhichOneof("payload")
    return said.WhichOneof("type") in _SAID and asked in _ASKED


def _excess(message: Message, said: BackMsg | None) -> str:
    """Why a message is too large; empty if it is not."""
    if len(message.get("bytes") or message.get("text") or b"") > MOST:
        return f"A message may have {MOST:,} bytes."
    if said is not None and _parts(said) > MOST_PARTS:
        return f"A message may have {MOST_PARTS:,} parts."
    if said is not None and len(said.rerun_script.query_string) > MOST_ADDRESS:
        return f"An address may have {MOST_ADDRESS:,} characters."
    return ""


def _parts(said: BackMsg) -> int:
    state = said.rerun_script
    parts = len(said.file_urls_request.file_names) + len(state.cached_message_hashes)
    parts += len(state.widget_states.widgets)
    return parts if parts > MOST_PARTS else parts + sum(map(_values, state.widget_states.widgets))


def _values(widget: WidgetState) -> int:
    """How many values a widget has at once."""
    arrays = (widget.double_array_value, widget.int_array_value, widget.string_array_value)
    files = widget.file_uploader_state_value.uploaded_file_info
    return sum(len(array.data) for array in arrays) + len(files)
