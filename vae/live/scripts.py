"""The page's scripts: ES modules that say with `import` what they need, joined for Streamlit.

Streamlit takes the JavaScript of a component as one string. So the modules travel as texts, each
after those that it imports, and become modules again in the browser: each keeps its own scope,
and its own name in a stack trace and in the debugger. Nothing is bundled, and nothing is built.
"""

import json
import re
from functools import cache
from pathlib import Path, PurePosixPath
from posixpath import normpath

FOLDER = Path(__file__).parent
ENTRIES = ("main.js", "curves/main.js", "scrubber/main.js", "dial/main.js")
"""The scripts that Streamlit calls with all that they import."""

_IMPORT = re.compile(r'^((?:import|export)\b[^;]*?\bfrom )"(\.[^"]+)"', re.MULTILINE)
_DOCUMENTATION = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*$", re.MULTILINE | re.DOTALL)
_REMARK = re.compile(r"^\s*//.*\n", re.MULTILINE)
_ASIDE = re.compile(
    r"/\*\*[^\n]*?\*/ ?|(?<=[;{]) //.*$", re.MULTILINE
)  # within a line, or at its end
_JOINED = """const urls = {};
for (const [name, source] of %s) {
  const text = source.replace(/"joined:([^"]+)"/g, (_, needed) => JSON.stringify(urls[needed]));
  const named = `${text}\\n//# sourceURL=vae/live/${name}`;
  urls[name] = URL.createObjectURL(new Blob([named], { type: "text/javascript" }));
}
export default (await import(urls[%s])).default;
"""


@cache
def modules(entry: str) -> dict[str, str]:
    """The modules that a script is made of: JavaScript by name, each after those that it imports.

    A name is a path in this folder. A style sheet is a module whose default is its text.

    Raises:
        FileNotFoundError: there is no such script, or one imports what is not there.
        ValueError: scripts import each other in a circle.
    """
    found: dict[str, str] = {}
    _follow(entry, found, ())
    return found


@cache
def joined(entry: str) -> str:
    """A script and all that it imports as the text of one module, with the script's default.

    Documentation does not travel, a quarter of the bytes; its lines do, for the sake of traces.
    """
    texts = [
        [name, _IMPORT.sub(lambda m, name=name: f'{m[1]}"joined:{_needed(name, m[2])}"', code)]
        for name, source in modules(entry).items()
        for code in [_DOCUMENTATION.sub(lambda m: "\n" * m[0].count("\n"), source)]
    ]
    return _JOINED % (json.dumps(texts), json.dumps(entry))


def source(name: str) -> str:
    """One file as a module, with its imports as they stand."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return f"export default {json.dumps(text)};\n" if name.endswith(".css") else text


def bare(script: Path) -> str:
    """A script that travels with each message of a page: without lines that only explain it, and
    without indents."""
    return _bare(script, script.stat().st_mtime_ns)


@cache
def _bare(script: Path, version: int) -> str:
    """`version` tells a file from what it was before."""
    text = _DOCUMENTATION.sub("", script.read_text(encoding="utf-8"))
    return re.sub(r"\n\s*", "\n", _ASIDE.sub("", _REMARK.sub("", text))).lstrip()


def _follow(name: str, found: dict[str, str], importers: tuple[str, ...]) -> None:
    if name in importers:
        raise ValueError(f"scripts import each other: {' -> '.join([*importers, name])}")
    if name in found:
        return
    text = source(name)
    for _, needed in _IMPORT.findall(text):
        _follow(_needed(name, needed), found, (*importers, name))
    found[name] = text


def _needed(importer: str, path: str) -> str:
    """What a script means by "./map/canvas.js", as a name."""
    return normpath(PurePosixPath(importer).parent / path)
