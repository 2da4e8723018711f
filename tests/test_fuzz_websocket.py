"""Whatever a client sends over the WebSocket, the app's own code does not fail, and serves on."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fuzz import json_values, numbers, texts
from hypothesis import Phase, given, settings
from hypothesis import strategies as some
from websockets.exceptions import ConnectionClosed

from benchmarks import visitor
from benchmarks.server import ROOT, Server, serving
from benchmarks.visitors import PAGES
from server.messages import MOST

PARAMETERS = (
    "model", "z", "digit", "frame", "hidden", "manifold", "view", "source", "of", "seed", "end",
    "temperature", "path", "steps", "runs", "compared-seed", "from", "to", "run", "preset",
    "example", "show", "classes", "around", "nonsense",
)  # fmt: skip
MESSAGES = 10  # of one visitor, each an input
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # to shrink a message takes minutes
IS_THOROUGH = settings.get_current_profile_name() == "thorough"


def visitors(few: int) -> int:
    """Those who send ten thousand inputs on request; so few in the suite."""
    return 10_000 // MESSAGES if IS_THOROUGH else few


def ten(inputs: some.SearchStrategy[Any]) -> some.SearchStrategy[list[Any]]:
    """What one visitor sends."""
    return some.lists(inputs, min_size=MESSAGES, max_size=MESSAGES)


pytestmark = pytest.mark.timeout(0)  # ten thousand inputs take many minutes


@dataclass
class Site:
    """A running app, and what it complains of."""

    server: Server
    portal: BlockingPortal
    read: int = field(default=0)
    files: dict[str, int] = field(default_factory=dict)
    """What visitors have fetched: their browser's cache."""

    def visit(self, walk: Callable[..., Any], *given: Any) -> None:
        """Let a visitor walk; then the app's own code must not have failed."""
        self.portal.call(partial(self._visit, walk, *given))
        assert self.failures() == []

    async def _visit(self, walk: Callable[..., Any], *given: Any) -> None:
        async with visitor.enter(self.server.address) as one:
            one.files = self.files
            await walk(one, *given)

    def failures(self) -> list[str]:
        """The tracebacks since the last look to which code of this project led, not Streamlit's."""
        log = (self.server.runs.parent / "server.txt").read_text(errors="replace")
        new, self.read = log[self.read :], len(log)
        return list(filter(is_ours, new.split("Traceback (most recent call last)")[1:]))


def is_ours(trace: str) -> bool:
    """Whether what failed was called by this project, and not by Streamlit that it had called."""
    rooms = [str(ROOT / room) for room in ("pages", "vae", "server")]
    files = re.findall(r'File "([^"]+)", line \d+', trace)
    ours = [i for i, file in enumerate(files) if file.startswith(tuple(rooms))]
    streamlits = [i for i, file in enumerate(files) if "/site-packages/streamlit" in file]
    return bool(ours) and ours[-1] > max(streamlits, default=-1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    runs = tmp_path_factory.mktemp("site") / "runs"
    with (
        pytest.MonkeyPatch.context() as patch,
        start_blocking_portal() as portal,
    ):
        patch.setenv("STREAMLIT_LOGGER_ENABLE_RICH", "false")  # tracebacks as Python writes them
        with serving(runs) as server:
            yield Site(server, portal)


places = some.fixed_dictionaries(
    {},
    optional={
        "place": some.fixed_dictionaries(
            {"z": json_values, "hidden": json_values}, optional={"frame": json_values}
        )
        | json_values,
        "latent": some.lists(numbers, max_size=3) | json_values,
        "picked": numbers | json_values,
        "added": some.lists(numbers, max_size=3) | json_values,
        "drawing": some.fixed_dictionaries(
            {"raw": some.fixed_dictionaries({"objects": json_values}) | json_values}
        )
        | json_values,
        "backgroundFit": json_values,
        "selection": some.fixed_dictionaries({"points": json_values}) | json_values,
    },
)
WORDS = ("map", "best", "baseline", "enhanced", "enhanced-100", "autoencoder", "Analysis", "4")
sendable = some.sampled_from(WORDS) | texts.map(
    lambda text: text.encode(errors="replace").decode()
)  # no lone surrogates
told = (places | json_values).map(json.dumps) | sendable
doubles = numbers.filter(lambda number: abs(number) < 1e308 or number != number).map(float)
VALUES = {  # of a WidgetState
    "bool_value": some.booleans(),
    "double_value": doubles,
    "int_value": some.integers(-(2**63), 2**63 - 1),
    "string_value": told,
    "json_value": told,
    "double_array_value": some.lists(doubles, max_size=3).map(lambda values: {"data": values}),
    "string_array_value": some.lists(sendable, max_size=3).map(lambda values: {"data": values}),
}
SENT = {  # by a browser, for an element
    "number_input": "double_value",
    "slider": "double_array_value",
    "selectbox": "string_value",
    "text_input": "string_value",
    "plotly_chart": "string_value",
    "multiselect": "string_array_value",
    "button_group": "string_array_value",
    "checkbox": "bool_value",
    "bidi_component": "json_value",
}
changes = some.tuples(
    some.integers(0, 99),  # which widget
    some.just("") | some.sampled_from(list(VALUES)),  # mostly the right kind of value
    some.fixed_dictionaries(VALUES),
)


async def change_all(
    one: visitor.Visitor, page: str, wanted: list[tuple[int, str, dict[str, Any]]]
) -> None:
    """Open a page; then change one of its widgets after another."""
    await one.open(page)
    for which, kind, values in wanted:
        widgets = [(kind, found.id) for kind in SENT for found in one.find(kind) if found.id]
        element, name = widgets[which % len(widgets)]
        kind = kind or SENT[element]
        try:
            await one.change(name, **{kind: values[kind]})
        except visitor.VisitError:  # of Streamlit's own, which `Site.failures` passes over
            return


@given(some.sampled_from(PAGES), ten(changes))
@settings(max_examples=visitors(5), phases=PHASES)
def test_any_values_of_widgets_are_shown_or_passed_over(
    site: Site, page: str, wanted: list[tuple[int, str, dict[str, Any]]]
) -> None:
    site.visit(change_all, page, wanted)


FIELDS = [
    ("morph", "slider", {"double_array_value": {"data": [1e9]}}),
    ("morph", "slider", {"double_array_value": {"data": [-5]}}),
    ("morph", "button_group", {"string_array_value": {"data": []}}),
    ("generate", "number_input", {"double_value": -5}),
    ("generate", "number_input", {"double_value": 1e300}),
    ("generate", "slider", {"double_array_value": {"data": [1e300]}}),
    ("compare", "number_input", {"double_value": -5}),
    ("compare", "multiselect", {"string_array_value": {"data": ["map", "map"]}}),
    ("latent_space", "button_group", {"string_array_value": {"data": []}}),
    ("", "button_group", {"string_array_value": {"data": ["map", "map"]}}),
]


async def change_kind(one: visitor.Visitor, page: str, kind: str, value: dict[str, Any]) -> None:
    await one.open(page)
    for found in one.find(kind):
        await one.change(found.id, **value)


@pytest.mark.parametrize(("page", "kind", "value"), FIELDS)
def test_a_value_that_no_field_lets_through_is_passed_over(
    site: Site, page: str, kind: str, value: dict[str, Any]
) -> None:
    """A browser keeps to the bounds of a field; a script need not."""
    site.visit(change_kind, page, kind, value)
    assert site.server.megabytes() < 1000


async def open_all(one: visitor.Visitor, addresses: list[tuple[str, dict[str, str]]]) -> None:
    for page, query in addresses:
        await one.open(page, **query)


@pytest.mark.parametrize("number", ["1e999", "-inf", "Infinity"])
@pytest.mark.parametrize(("page", "name"), [("generate", "seed"), ("compare", "compared-seed")])
def test_an_address_with_an_infinite_number_is_a_page_without_it(
    site: Site, page: str, name: str, number: str
) -> None:
    site.visit(open_all, [(page, {name: number})])
    site.visit(open_all, [(page, {}), (page, {name: number})])  # where a field has the name already


async def open_it(one: visitor.Visitor, page: str, query: dict[str, str]) -> None:
    await one.open(page, **query)


queries = some.dictionaries(some.sampled_from(PARAMETERS), told | numbers.map(str))


@given(ten(some.tuples(some.sampled_from(PAGES), queries)))
@settings(max_examples=visitors(5), phases=PHASES)
def test_any_address_is_a_page_without_an_exception(
    site: Site, addresses: list[tuple[str, dict[str, str]]]
) -> None:
    site.visit(open_all, addresses)


async def send_bytes(one: visitor.Visitor, content: bytes) -> None:
    await one.open("how_it_works")
    await one.send(content)
    with suppress(ConnectionClosed):  # one that speaks another language is hung up on
        await one.open("how_it_works")


@given(some.binary(max_size=300))
@settings(max_examples=MESSAGES * visitors(2), phases=PHASES)
def test_bytes_that_are_no_message_are_passed_over(site: Site, content: bytes) -> None:
    site.visit(send_bytes, content)
    site.visit(open_it, "how_it_works", {})


async def send_too_much(one: visitor.Visitor) -> None:
    await one.open("how_it_works")
    await one.send(bytes(MOST + 1))
    with pytest.raises(ConnectionClosed) as closed:
        await one.ended()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_message_that_is_too_large_ends_the_connection_and_no_other(site: Site) -> None:
    site.visit(send_too_much)
    site.visit(open_it, "", {})
