"""Several servers behind the proxy of deploy/Caddyfile, in processes of their own."""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.server import ROOT, free_port, wait_until_healthy

CADDY = shutil.which("caddy")
COOKIE = "latent_digits_server"


@contextmanager
def proxied(servers: Sequence[str], home: Path, path: str = "") -> Iterator[str]:
    """The address of all these, as "127.0.0.1:8501", whose app lies below `path`, as "/digits"."""
    if CADDY is None:
        raise RuntimeError("Caddy is not installed")
    port = free_port()
    environment = os.environ | {
        "VAE_ADDRESS": f":{port}",
        "VAE_SERVERS": " ".join(servers),
        "VAE_PATH": path,
        "HOME": str(home),
    }
    command = [CADDY, "run", "--config", "deploy/Caddyfile", "--adapter", "caddyfile"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}{path}", process)
        yield f"http://127.0.0.1:{port}{path}"
    finally:
        process.terminate()
        process.wait(10)


def cookie(address: str) -> str:
    """What the proxy gives a new visitor, to be led to the same server again; empty without one."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        given = answer.headers.get_all("Set-Cookie") or []
    return next((each.split(";")[0] for each in given if each.startswith(COOKIE)), "")
