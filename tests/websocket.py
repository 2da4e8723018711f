"""A visitor without a browser: what a client may send to the server's WebSocket, byte by byte."""

from types import TracebackType
from typing import Any, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.sync.client import connect

PATIENCE = 60.0  # seconds
_AGAIN = ForwardMsg.FINISHED_EARLY_FOR_RERUN


class Visitor:
    """One session on one page. `elements` are what the last run of the page sent."""

    def __init__(self, address: str, page: str = "", query: str = "") -> None:
        self.address = address.replace("http", "ws", 1) + "/_stcore/stream"
        self.page, self.query = page, query
        self.elements: list[Any] = []

    def __enter__(self) -> Self:
        self._open = connect(self.address, max_size=None)
        self.connection = self._open.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def send(self, message: BackMsg) -> None:
        self.connection.send(message.SerializeToString())

    def run(self, *widgets: WidgetState) -> list[Any]:
        """Run the page with these widgets' states; what is on it then."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        message.rerun_script.widget_states.CopyFrom(WidgetStates(widgets=widgets))
        self.send(message)
        self.elements = []
        while True:
            received = ForwardMsg.FromString(self._received())
            kind = received.WhichOneof("type")
            if kind == "delta":
                self.elements.append(received.delta.new_element)
            elif kind == "new_session":
                self.elements = []
            elif kind == "script_finished" and received.script_finished != _AGAIN:
                return self.elements

    def press(self, label: str) -> list[Any]:
        """Run the page with a button pressed, the first that begins so."""
        found = [e.button for e in self.elements if e.HasField("button")]
        button = next(button for button in found if button.label.startswith(label))
        return self.run(WidgetState(id=button.id, trigger_value=True))

    def texts(self) -> str:
        """All words on the page that stand in markdown or in a box."""
        return "\n".join(
            getattr(element, kind).body
            for element in self.elements
            for kind in ("markdown", "alert")
            if element.HasField(kind)
        )

    def _received(self) -> bytes:
        message = self.connection.recv(PATIENCE)
        assert isinstance(message, bytes)
        return message
