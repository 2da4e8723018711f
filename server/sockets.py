"""Small messages leave at once."""

import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any


@asynccontextmanager
async def send_at_once(app: Any) -> AsyncIterator[None]:
    """While the app is served, no message waits until the one before it has been received.

    Streamlit makes its listening socket in a way that keeps asyncio from turning that off (Nagle's
    algorithm, which receivers that confirm late answer with 40 ms): its page came 40 ms later than
    it was made, each time. What is set on a listening socket holds for its connections.
    """
    for listening in _listening():
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    yield


def _listening() -> Iterator[socket.socket]:
    """This process's listening TCP sockets; each is a copy that is closed afterwards."""
    for number in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        with suppress(OSError):  # the folder's own number is closed by now
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as found:
                is_tcp = found.family in (socket.AF_INET, socket.AF_INET6)
                if is_tcp and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    yield found
