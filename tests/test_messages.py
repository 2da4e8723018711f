"""What the server lets a browser say, and how much of what it sends is kept."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from loops import run
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.util import calc_hash

from pages.parts.draw import board
from server import messages, upload_memory
from server.messages import Messages
from vae import archive
from vae.preprocess import photo_files

DRAW, TRAIN = calc_hash(messages.FIRST_PAGE), calc_hash("train")  # as Streamlit numbers pages
RERUN: dict[str, Any] = {"rerun_script": {"page_name": "train", "query_string": "run=map"}}


def passed_on(*said: dict[str, Any] | bytes) -> tuple[list[bytes], list[Message]]:
    """What of this reaches the app, and what the browser is sent."""
    came: list[bytes] = []
    sent: list[Message] = []
    waiting = [s if isinstance(s, bytes) else BackMsg(**s).SerializeToString() for s in said]

    async def receive() -> Message:
        if waiting:
            return {"type": "websocket.receive", "bytes": waiting.pop(0)}
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            came.append(message["bytes"])

    async def visit() -> None:
        await Messages(app)({"type": "websocket"}, receive, send)

    run(visit())
    return came, sent


def rerun(page: str, fragment: str = "") -> dict[str, Any]:
    return {"rerun_script": {"page_script_hash": page, "fragment_id": fragment}}


@pytest.mark.parametrize(
    ("said", "late"),
    [
        ([rerun(""), rerun("map"), rerun(DRAW, "part")], [2]),
        ([rerun(""), rerun(DRAW, "part"), rerun("map"), rerun(DRAW, "part")], [3]),
        ([RERUN, rerun(TRAIN), rerun("map", "part")], []),  # Python leads to another page
        ([RERUN, rerun("map"), rerun(TRAIN, "part")], [2]),
        ([rerun("draw"), rerun("map"), rerun("train"), rerun("draw", "part")], [3]),
        ([rerun("draw"), rerun("map"), rerun("draw", "part"), rerun("draw", "other")], [2, 3]),
        ([rerun("draw"), rerun("map"), rerun("draw"), rerun("draw", "part")], []),
        # Python leads back: whatever was pressed on the map's page said that it had come
        ([rerun("draw"), rerun("map"), rerun("map"), rerun("draw", "part")], []),
        ([rerun("draw"), rerun("map"), rerun("map", "button"), rerun("draw", "part")], []),
        ([rerun("draw"), {"app_heartbeat": True}, rerun("draw", "part")], []),
    ],
)
def test_what_a_part_of_a_page_says_that_was_just_left_is_passed_over(
    said: list[dict[str, Any]], late: list[int]
) -> None:
    came, _ = passed_on(*said)
    expected = [BackMsg(**one).SerializeToString() for i, one in enumerate(said) if i not in late]
    assert came == expected


@pytest.mark.parametrize(
    "said",
    [
        RERUN,
        {"stop_script": True},
        {"app_heartbeat": True},
        {"file_urls_request": {"file_names": ["a.png"]}},
        {"backend_operation_request": {"deferred_file": {"file_id": "a"}}},
        b"no message of Streamlit's: it ends the connection by itself",
    ],
)
def test_what_a_page_says_reaches_the_app(said: dict[str, Any] | bytes) -> None:
    came, sent = passed_on(said)
    assert len(came) == 1
    assert sent == []


@pytest.mark.parametrize(
    "said",
    [
        {"clear_cache": True},
        {"load_git_info": True},
        {"set_run_on_save": True},
        {"debug_shutdown_runtime": True},
        {"debug_disconnect_websocket": True},
        {"backend_operation_request": {"install_skills": {}}},
        {"backend_operation_request": {"dismiss_skills_nudge": {}}},
    ],
    ids=str,
)
def test_what_no_page_of_the_app_says_is_passed_over(said: dict[str, Any]) -> None:
    came, sent = passed_on(said, RERUN, said)
    assert came == [BackMsg(**RERUN).SerializeToString()]
    assert sent == []


MANY = messages.MOST_PARTS + 1


@pytest.mark.parametrize(
    "said",
    [
        {"file_urls_request": {"file_names": [""] * MANY}},
        {"rerun_script": {"widget_states": {"widgets": [{"id": "a"}] * MANY}}},
        {"rerun_script": {"cached_message_hashes": ["a"] * MANY}},
        {"rerun_script": {"query_string": "a" * (messages.MOST_ADDRESS + 1)}},
        *(
            {"rerun_script": {"widget_states": {"widgets": [{kind: {"data": [value] * MANY}}]}}}
            for kind, value in (
                ("string_array_value", "a"),
                ("double_array_value", 1.0),
                ("int_array_value", 1),
            )
        ),
        {
            "rerun_script": {
                "widget_states": {
                    "widgets": [{"file_uploader_state_value": {"uploaded_file_info": [{}] * MANY}}]
                }
            }
        },
    ],
    ids=["places for files", "widgets", "hashes", "address", "texts", "floats", "wholes", "files"],
)
def test_a_message_of_too_many_parts_ends_the_connection(said: dict[str, Any]) -> None:
    """Of 4 MB, one of them held up all visitors for 39 s, and another kept 150 MB."""
    came, (closed,) = passed_on(RERUN, said, RERUN)
    assert len(came) == 1
    assert closed["code"] == 1009
    assert "may have" in closed["reason"]


def kept_of(sizes: list[int], most: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which files are left of a session that sends files of these sizes."""
    monkeypatch.setattr(upload_memory, "MOST", most)
    kept = MemoryUploadedFileManager("/upload")
    kept.add_file("other", UploadedFileRec("0", "a", "b", bytes(1000)))
    for i, size in enumerate(sizes):
        kept.add_file("one", UploadedFileRec(str(i), "a", "b", bytes(size)))
        upload_memory.let_go(kept, "one")
    assert [*kept.file_storage["other"]] == ["0"]
    return [*kept.file_storage["one"]]


@pytest.mark.parametrize(
    ("sizes", "left"),
    [
        ([40, 40, 20], ["0", "1", "2"]),
        ([40, 40, 21], ["1", "2"]),
        ([10, 90, 100], ["2"]),
        ([10, 200], ["1"]),
        ([1] * 22, [str(i) for i in range(2, 22)]),
    ],
)
def test_of_what_a_session_sends_the_last_files_are_kept(
    sizes: list[int], left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept_of(sizes, 100, monkeypatch) == left


def test_what_the_uploaders_promise_to_take_the_server_takes() -> None:
    """Streamlit's own bound goes before that of an uploader, and says no more than "413"."""
    settings = (Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text("utf-8")
    taken = tomllib.loads(settings)["server"]["maxUploadSize"] * 2**20
    assert archive.MAX_PACKED <= taken <= upload_memory.MOST
    assert photo_files.MOST_BYTES < 1_000_000 * board.LARGEST <= taken
