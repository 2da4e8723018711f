"""Connections of a served app send small messages at once."""

import socket
from pathlib import Path

from loops import run

from server.sockets import send_at_once


def test_connections_to_what_listens_when_the_app_starts_send_at_once() -> None:
    async def serve() -> None:
        async with send_at_once(None):
            pass

    before = len([*Path("/dev/fd").iterdir()])
    with socket.socket() as listening, socket.socket() as client:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        run(serve())
        client.connect(listening.getsockname())
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert len([*Path("/dev/fd").iterdir()]) == before
