"""A visitor without a browser: Streamlit's own messages over the WebSocket of a running server.

    async with visitor.enter("http://127.0.0.1:8501") as one:
        shown = await one.open("latent_space")
        box = one.find("number_input")[0]
        shown = await one.change(box.id, double_value=7)

It keeps what a browser keeps: the elements on the page, the values of the widgets, the pages'
names, the larger messages of the last runs, which the server then only names, and the files that
never change, which it fetches when a page first names them; a model's networks once it touches the
page.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 120.0  # seconds for a page
FILES = re.compile(rb"files/[0-9a-f]{32}\.[a-z]+")
LATE = re.compile(rb'"late": ?\{[^}]*\}')  # in what vae/live/load.js is given
TRIGGERS = ("trigger_value", "string_trigger_value", "json_trigger_value")
KEPT_RUNS = 2  # Streamlit's `global.maxCachedMessageAge`


class VisitError(Exception):
    """The page showed an exception, or never ended; the text says which."""


@dataclass
class Shown:
    """What one run of a page took: seconds until it had ended, bytes on the wire, messages."""

    seconds: float = 0.0
    received: int = 0
    messages: list[ForwardMsg] = field(default_factory=list)


class _Counting(ClientConnection):
    """A connection that counts the bytes on the wire, compressed or not."""

    received = 0

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        super().data_received(data)


@asynccontextmanager
async def enter(address: str, cookie: str = "") -> "AsyncIterator[Visitor]":
    """A new visitor at the server at `address`, say http://127.0.0.1:8501."""
    async with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        create_connection=_Counting,
        additional_headers={"Cookie": cookie} if cookie else None,
        max_size=None,
        ping_interval=None,
    ) as connection:
        assert isinstance(connection, _Counting)
        yield Visitor(connection, address, cookie)


def _received(connection: HTTPConnection, path: str, headers: dict[str, str]) -> int:
    connection.request("GET", path, headers=headers)
    with connection.getresponse() as answer:
        if answer.status != 200:
            raise VisitError(f"{path}: {answer.status} {answer.reason}")
        return len(answer.read())


class Visitor:
    """One session: a page at a time, and what stands on it."""

    def __init__(self, connection: _Counting, address: str, cookie: str = ""):
        self.connection = connection
        self.address = address
        self.cookie = cookie
        self.files: dict[str, int] = {}  # their bytes on the wire, by their place on the server
        self.elements: dict[tuple[int, ...], Element] = {}
        self.widgets: dict[str, WidgetState] = {}
        self.pages: dict[str, str] = {}  # Streamlit's hashes by the last part of the address
        self.state = ClientState()
        self._late = b""
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}  # by hash; the run that used it last
        self._runs = 0

    async def open(self, page: str = "", **query: str) -> Shown:
        """Go to a page by the last part of its address; "" is the first one."""
        self.widgets.clear()
        self.state = ClientState(query_string=urlencode(query), page_name=page)
        if page in self.pages:
            self.state.page_script_hash = self.pages[page]
        return await self.rerun()

    async def change(self, widget: str, fragment: str = "", **value: Any) -> Shown:
        """Give a widget a value, named as in Streamlit's WidgetState, and run the page again."""
        self.widgets[widget] = WidgetState(id=widget, **value)
        return await self.rerun(fragment)

    async def rerun(self, fragment: str = "") -> Shown:
        """Run the page, or one fragment of it, with the widgets as they are."""
        state = ClientState()
        state.CopyFrom(self.state)
        state.fragment_id = fragment
        state.widget_states.widgets.extend(self.widgets.values())
        state.cached_message_hashes.extend(self._kept)
        for name, widget in list(self.widgets.items()):
            if widget.WhichOneof("value") in TRIGGERS:  # a click counts once
                del self.widgets[name]
        if not fragment:
            self.elements.clear()
        await self.send(BackMsg(rerun_script=state))
        return await self.ended()

    async def send(self, message: BackMsg | bytes) -> None:
        """Send any message, or bytes that are none."""
        await self.connection.send(
            message if isinstance(message, bytes) else message.SerializeToString()
        )

    async def ended(self) -> Shown:
        """Take what comes until a run has ended.

        Raises:
            VisitError: an exception stands on the page, or nothing comes any more.
        """
        started, before, shown = time.perf_counter(), self.connection.received, Shown()
        try:
            async with asyncio.timeout(PATIENCE):
                while not self._take(await self.connection.recv(), shown):
                    pass
        except TimeoutError:
            raise VisitError(f"the page did not end within {PATIENCE:.0f} s") from None
        shown.seconds = time.perf_counter() - started
        shown.received = self.connection.received - before + await self._fetch(shown)
        for failure in self.find("exception"):
            raise VisitError(f"{failure.type}: {failure.message}")
        return shown

    async def _fetch(self, shown: Shown) -> int:
        """Fetch the files that the page names, but for those that were fetched before: bytes."""
        contents = b"".join(message.SerializeToString() for message in shown.messages)
        self._late = b"".join(LATE.findall(contents))
        return await self._fetch_named(LATE.sub(b"", contents))

    async def touch(self) -> int:
        """Fetch what the last page leaves until somebody touches it: bytes."""
        return await self._fetch_named(self._late)

    async def _fetch_named(self, contents: bytes) -> int:
        named = {name.decode() for name in FILES.findall(contents)} - set(self.files)
        if named:
            self.files |= await asyncio.to_thread(self._fetched, sorted(named))
        return sum(self.files[name] for name in named)

    def _fetched(self, names: list[str]) -> dict[str, int]:
        """The bytes of files, one after the other over one connection."""
        place, headers = urlsplit(self.address), {"Accept-Encoding": "gzip", "Cookie": self.cookie}
        with closing(HTTPConnection(place.netloc, timeout=PATIENCE)) as connection:
            return {name: _received(connection, f"{place.path}/{name}", headers) for name in names}

    def find(self, kind: str) -> list[Any]:
        """The elements of a kind, named as in Streamlit's Element, in the order of the page."""
        there = [one for _, one in sorted(self.elements.items()) if one.WhichOneof("type") == kind]
        return [getattr(one, kind) for one in there]

    def _take(self, content: str | bytes, shown: Shown) -> bool:
        """Take a message; whether it was the last of a run."""
        assert isinstance(content, bytes)
        message = ForwardMsg.FromString(content)
        shown.messages.append(message)
        path = tuple(message.metadata.delta_path)
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            message, _ = self._kept[message.ref_hash]
            kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._kept[message.hash] = (message, self._runs)
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self.elements[path] = message.delta.new_element
        elif kind == "navigation":
            self.pages = {
                "" if page.is_default else page.url_pathname: page.page_script_hash
                for page in message.navigation.app_pages
            }
            self.state.page_script_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.state.query_string = message.page_info_changed.query_string
        elif kind == "script_finished":
            return self._finish(message.script_finished)
        return False

    def _finish(self, status: int) -> bool:
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            raise VisitError("the page cannot be compiled")
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return False
        self._runs += 1
        oldest = self._runs - KEPT_RUNS
        self._kept = {name: kept for name, kept in self._kept.items() if kept[1] >= oldest}
        return True
