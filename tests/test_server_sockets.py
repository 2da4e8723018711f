"""Connections of a served app send small messages at once."""

import asyncio
import os
import socket

from server.sockets import send_at_once


def test_connections_to_what_listens_when_the_app_starts_send_at_once() -> None:
    async def serve() -> None:
        async with send_at_once(None):
            pass

    before = len(os.listdir("/dev/fd"))
    with socket.socket() as listening, socket.socket() as client:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        asyncio.run(serve())
        client.connect(listening.getsockname())
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert len(os.listdir("/dev/fd")) == before
