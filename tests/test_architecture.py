"""The rules of the architecture: who may import whom, and how large a page may be."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "vae").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
SHARED = sorted((ROOT / "pages" / "shared").glob("*.py"))
PARTS = sorted((ROOT / "pages" / "parts").rglob("*.py"))
SERVER = sorted((ROOT / "server").glob("*.py"))
TOLD_HOW_TO_ENCODE = sorted(
    file
    for folder in ("vae", "pages", "server", "benchmarks", "assets")
    for file in (ROOT / folder).rglob("*.py")
)
STANDARD_AND_NUMPY = set(sys.stdlib_module_names) | {"numpy", "vae"}
TRAINING = "vae.training"  # the one room that may import TensorFlow and Keras
FORBIDDEN_WORDS = {"mu", "logvar", "log_var", "recon_x", "recon", "utils", "helpers", "manager"}


def name(file: Path) -> str:
    module = file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    return module.removesuffix(".__init__")


def imported(file: Path) -> set[str]:
    """Every module that a file imports anywhere; `from a import b` counts as a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def needed(file: Path, modules: dict[str, Path]) -> set[str]:
    """Those of these modules that a file imports; `from a import b` counts as a.b if that is one.

    Of a package whose module is imported no more is needed than that it is there.
    """
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & set(modules)
            found |= set() if inner <= set(modules) else {node.module}
    return found & set(modules) - {name(file)}


def packages(file: Path) -> set[str]:
    return {module.split(".")[0] for module in imported(file)}


def in_package(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def names(files: list[Path]) -> dict[str, Path]:
    return {name(file): file for file in files}


@pytest.mark.parametrize("file", LIBRARY, ids=name)
def test_the_library_never_imports_streamlit_or_the_pages(file: Path) -> None:
    assert not packages(file) & {"streamlit", "pages", "server", "streamlit_app"}


@pytest.mark.parametrize(
    "module",
    [
        "mnist",
        "atomic",
        "config",
        "presets",
        "runs",
        "data",
        "history",
        "losses",
        "latents",
        "classes",
        "snapshots",
        "results",
        "latent_study",
        "strict_json",
        "zip_files",
    ],
)
def test_the_simple_modules_need_no_more_than_the_standard_library_and_numpy(module: str) -> None:
    room = ROOT / "vae" / module
    files = sorted(room.glob("*.py")) or [room.with_suffix(".py")]
    assert set().union(*map(packages, files)) <= STANDARD_AND_NUMPY


@pytest.mark.parametrize("file", [*PAGES, *PARTS, *SHARED], ids=name)
def test_pages_know_nothing_of_how_they_are_served(file: Path) -> None:
    assert "server" not in packages(file)


@pytest.mark.parametrize("file", PAGES, ids=name)
def test_no_page_imports_another(file: Path) -> None:
    assert not imported(file) & set(names(PAGES))


@pytest.mark.parametrize(
    "file", [*PAGES, *PARTS, *SHARED, *SERVER, ROOT / "streamlit_app.py"], ids=name
)
def test_what_is_served_never_import_what_trains(file: Path) -> None:
    assert not packages(file) & {"tensorflow", "keras"}
    assert not any(in_package(module, TRAINING) for module in imported(file))


@pytest.mark.parametrize("file", LIBRARY, ids=name)
def test_what_imports_tensorflow_lies_in_one_room(file: Path) -> None:
    if not in_package(name(file), TRAINING):
        assert not packages(file) & {"tensorflow", "keras"}


@pytest.mark.parametrize("file", PARTS, ids=name)
def test_what_lies_with_a_page_serves_that_page_only(file: Path) -> None:
    page = file.relative_to(ROOT / "pages" / "parts").parts[0]
    others = [
        other
        for other in [*PAGES, *PARTS, *SHARED]
        if other.stem != page and page not in other.parent.parts
    ]
    assert [name(other) for other in others if name(file) in imported(other)] == []


def test_every_folder_of_parts_has_a_page() -> None:
    folders = {file.parent.name for file in PARTS if file.parent.name != "parts"}
    assert folders <= {page.stem for page in PAGES}


def test_the_server_loads_nothing_that_only_trainings_need() -> None:
    library = set(names([*LIBRARY, *SERVER]))
    files = [*PAGES, *PARTS, *SHARED, *SERVER]
    served = sorted({module for file in files for module in imported(file)} & library)
    assert {"vae.inference", "vae.jobs", "vae.charts"} <= set(served)
    trains = {"tensorflow", "keras", "sklearn"}
    code = f"import sys, {', '.join(served)}; print({trains} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout == "set()\n", result.stderr


def test_there_are_no_import_circles() -> None:
    """Imports within functions count, too: a circle is a circle."""
    modules = names([*LIBRARY, *PAGES, *PARTS, *SHARED, *SERVER])
    left = {module: needed(file, modules) for module, file in modules.items()}
    while free := [module for module, needs in left.items() if not needs & set(left)]:
        for module in free:
            del left[module]
    assert left == {}


@pytest.mark.parametrize("file", PAGES, ids=name)
def test_a_page_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 100


@pytest.mark.parametrize("file", [*LIBRARY, *PAGES, *PARTS, *SHARED, *SERVER], ids=name)
def test_one_thing_has_one_word(file: Path) -> None:
    used = {file.stem}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.arg):
            used.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            used.add(node.name)
    assert not used & FORBIDDEN_WORDS


def is_public(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")


@pytest.mark.parametrize("file", LIBRARY, ids=name)
def test_what_is_public_in_the_library_is_described(file: Path) -> None:
    tree = ast.parse(file.read_text())
    public = [
        node
        for owner in [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef) and is_public(n))]
        for node in owner.body
        if is_public(node)
    ]
    assert ast.get_docstring(tree)
    assert [node.lineno for node in public if not ast.get_docstring(node)] == []


def logs_its_trace(handler: ast.ExceptHandler) -> bool:
    """Whether a handler tells the log of everything that it catches."""
    calls = [node.func for node in ast.walk(handler) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr == "exception" for call in calls)


@pytest.mark.parametrize("file", [*LIBRARY, *PAGES, *PARTS, *SHARED, *SERVER], ids=name)
def test_nothing_is_pickled_and_no_exception_is_swallowed_whole(file: Path) -> None:
    assert not packages(file) & {"pickle", "cloudpickle", "joblib", "dill"}
    handlers = [
        n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.ExceptHandler)
    ]
    assert all(handler.type is not None for handler in handlers)
    whole = [
        handler
        for handler in handlers
        if isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    ]
    assert all(logs_its_trace(handler) for handler in whole)


def test_no_file_is_larger_than_ten_megabytes_and_no_lock_file_overrides_the_requirements() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert files
    assert [file.name for file in files if file.is_file() and file.stat().st_size > 10e6] == []
    assert "uv.lock" not in [file.name for file in files]


def test_every_entrance_in_the_security_document_names_tests_that_there_are() -> None:
    rows = [
        line
        for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| entrance", "|---"))
    ]
    written = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").glob("*.py"))
    assert rows
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert [test for test in named if f"def {test}(" not in written] == []


def test_the_tree_in_the_architecture_document_is_the_tree() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    tree = text.split("<!-- tree", 1)[1].split("```")[1]
    told: list[str] = []
    folders: list[str] = []
    for line in tree.strip().splitlines():
        name, depth = line.split()[0], (len(line) - len(line.lstrip())) // 2
        folders = folders[:depth]
        if name.endswith("/"):
            folders.append(name)
        else:
            told.append("".join(folders) + name)
    parts = [*LIBRARY, *PAGES, *PARTS, *SHARED, *SERVER, ROOT / "streamlit_app.py"]
    there = {file.relative_to(ROOT).as_posix() for file in parts if file.name != "__init__.py"}
    assert sorted(told) == sorted(there)


def encodes(call: ast.Call) -> bool:
    """Whether a call turns text into bytes or back: then it has to say how."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if isinstance(call.func, ast.Name):
        called, of = call.func.id, ""
    else:
        called, of = getattr(call.func, "attr", ""), ast.unparse(getattr(call.func, "value", call))
    if called in ("read_text", "write_text"):
        return of != "atomic"
    if {"text", "universal_newlines"} & set(keywords):
        return of == "subprocess"
    if called != "open" or of in OPEN_OTHERWISE:
        return False
    path_first = not of or of == "io"  # open(path, mode), but path.open(mode)
    mode = keywords.get("mode") or next(iter(call.args[path_first:]), ast.Constant("r"))
    return not (isinstance(mode, ast.Constant) and "b" in str(mode.value))


OPEN_OTHERWISE = {"Image", "archive", "one", "os", "webbrowser"}
"""What has an `open` that gives no text."""


@pytest.mark.parametrize("file", TOLD_HOW_TO_ENCODE, ids=name)
def test_text_is_utf_8_wherever_the_app_runs(file: Path) -> None:
    unsaid = [
        f"line {call.lineno}: {ast.unparse(call)[:80]}"
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        if encodes(call)
        and not any(
            k.arg == "encoding" and ast.unparse(k.value) == "'utf-8'" for k in call.keywords
        )
    ]
    assert unsaid == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("path.read_text()", True),
        ("path.write_text('x')", True),
        ("path.open()", True),
        ("path.open('w')", True),
        ("open(path)", True),
        ("open(path, mode='a')", True),
        ("subprocess.run([], text=True)", True),
        ("path.open('rb')", False),
        ("open(path, 'wb')", False),
        ("Image.open(path)", False),
    ],
)
def test_what_encodes_text_is_found(source: str, found: bool) -> None:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    assert encodes(call) == found
