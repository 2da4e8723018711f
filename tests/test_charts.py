"""Charts: every digit in its place, every click in reach, every value as it was."""

from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from vae import charts, latent_study
from vae.latent_map import LatentMap
from vae.palette import Theme


@pytest.fixture(scope="module")
def scatter(flat: LatentMap) -> go.Figure:
    return charts.scatter(flat)


def traces(figure: go.Figure) -> list[Any]:
    return list(figure.data)


def opened(png: bytes) -> np.ndarray:
    with Image.open(BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture).astype(int)


def test_all_digits_are_on_the_map_once(scatter: go.Figure) -> None:
    shown = [index for trace in traces(scatter) for (index,) in trace.customdata]
    assert sorted(shown) == list(range(5000))


def test_each_point_is_the_digit_that_its_index_names(scatter: go.Figure, flat: LatentMap) -> None:
    digits = traces(scatter)
    assert [trace.name for trace in digits] == [str(label) for label in range(10)]
    for label, trace in enumerate(digits):
        indices = [index for (index,) in trace.customdata]
        assert (flat.digits.labels[indices] == label).all()
        np.testing.assert_array_equal(np.stack([trace.x, trace.y], 1), flat.points[indices])


def test_indices_reach_the_browser_as_lists(scatter: go.Figure) -> None:
    # a 2-D array would come back from the browser as a dictionary
    for trace in scatter.to_plotly_json()["data"]:
        assert isinstance(trace["customdata"], list | tuple)
        assert all(isinstance(entry, list) and len(entry) == 1 for entry in trace["customdata"])


def test_ten_classes_have_ten_colours(scatter: go.Figure) -> None:
    assert len({trace.marker.color for trace in traces(scatter)}) == 10


def test_the_axes_show_the_whole_plane(scatter: go.Figure, flat: LatentMap) -> None:
    layout: Any = scatter.layout
    for axis in (layout.xaxis, layout.yaxis):
        assert list(axis.range) == [-flat.extent, flat.extent]
    assert layout.yaxis.scaleanchor == "x"
    assert layout.dragmode == "lasso"


def test_axes_are_named_after_what_they_are(scatter: go.Figure, deep: LatentMap) -> None:
    layout: Any = scatter.layout
    assert layout.xaxis.title.text == "z<sub>1</sub>"
    layout = charts.scatter(deep).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("1st component", "2nd component")


def test_the_locator_is_a_square_transparent_picture_of_the_digits(flat: LatentMap) -> None:
    kind, content = charts.locator(flat).split(",", 1)
    assert kind == "data:image/png;base64"
    picture = opened(b64decode(content))
    assert picture.shape == (640, 640, 4)
    assert picture[0, 0, 3] == 0
    x, y = flat.points[np.abs(flat.points).max(axis=1) < 0.9 * flat.extent][::50].T
    columns = (320 * (1 + x / flat.extent)).astype(int)
    rows = (320 * (1 - y / flat.extent)).astype(int)  # upwards is up
    assert (picture[rows, columns, 3] > 100).mean() > 0.95


def test_chosen_digits_are_highlighted_and_no_others(scatter: go.Figure) -> None:
    assert charts.highlighted(scatter, [], []) is scatter
    shown = traces(charts.highlighted(scatter, [0, 4, 1234], []))
    assert all(trace.selectedpoints is None for trace in traces(scatter))
    found = [trace.customdata[i][0] for trace in shown for i in trace.selectedpoints]
    assert sorted(found) == [0, 4, 1234]


def test_of_chosen_classes_the_digits_stand_out_and_what_is_chosen_otherwise_stays_chosen(
    scatter: go.Figure,
) -> None:
    shown = traces(charts.highlighted(scatter, [4], [3, 8]))
    faint = {trace.name for trace in shown if trace.opacity is not None and trace.opacity < 0.2}
    assert faint == set("01245679")
    assert [trace.customdata[i][0] for trace in shown for i in trace.selectedpoints] == [4]
    assert all(trace.opacity is None for trace in traces(scatter))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_stands_along_axes_is_in_a_colour_that_can_be_read(
    flat: LatentMap, theme: Theme
) -> None:
    epochs = {"a": [{"epoch": 1, **{split: {"loss": 1} for split in charts.SPLITS}}]}
    for chart in (
        charts.scatter(flat, theme),
        charts.overlaid_curves(epochs, "loss", theme),
        charts.latent_dims(latent_study.read(), theme),
    ):
        for axis in (chart.layout.xaxis, chart.layout.yaxis):
            assert axis.tickfont.color == axis.title.font.color == charts.AXES[theme]


def test_overlaid_curves_show_each_run_in_training_and_validation_and_begin_when_settled() -> None:
    def epoch(number: int, loss: float) -> dict:
        return {"epoch": number, "train": {"loss": loss + 1}, "validation": {"loss": loss}}

    runs_of = {"a": [epoch(1, 500), epoch(2, 150), epoch(3, 140)], "b": [epoch(1, 400)]}
    figure = charts.overlaid_curves(runs_of, "loss")
    shown = {trace.name: list(trace.y) for trace in traces(figure)}
    assert shown == {
        "a, training": [501, 151, 141],
        "a, validation": [500, 150, 140],
        "b, training": [401],
        "b, validation": [400],
    }
    layout: Any = figure.layout
    low, high = layout.yaxis.range
    assert 130 < low < 140
    assert 151 < high < 160
    assert len({trace.line.color for trace in traces(figure)}) == 2


def test_a_finger_scrolls_the_page_over_every_chart_but_the_one_to_choose_on() -> None:
    """Plotly takes each touch for itself unless a chart has nothing to drag."""
    epoch = {"epoch": 1, "train": {"loss": 1.0}, "validation": {"loss": 2.0}}
    drawn = {
        "overlaid_curves": charts.overlaid_curves({"a": [epoch]}, "loss"),
        "latent_dims": charts.latent_dims(latent_study.read()),
    }
    to_choose_on = {"scatter", "highlighted", "_on_plane"}
    made = {name for name, one in vars(charts).items() if _draws(one)}
    assert made == {*drawn, *to_choose_on, "_legible"}
    for name, figure in drawn.items():
        layout: Any = figure.layout
        assert layout.dragmode is False, name


def _draws(one: Any) -> bool:
    is_own = getattr(one, "__module__", "") == charts.__name__
    return is_own and getattr(one, "__annotations__", {}).get("return") is go.Figure
