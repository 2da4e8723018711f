"""Charts for print: complete, and the same for the same inputs."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from vae import comparison, inference, pictures, print_charts, runs


@pytest.fixture(scope="module")
def asked(small_run: runs.Run) -> tuple[comparison.Inputs, dict[str, comparison.Answers]]:
    digits = comparison.ten_digits(0)
    inputs = comparison.Inputs(digits, digits.pixels[3], 0, (4, 9))
    answers = comparison.ask(inference.load(small_run.path), inputs)
    return inputs, {"small": answers, "twin": answers}


def epochs_of(run: runs.Run) -> list[dict]:
    return [event for event in runs.read_events(run.path)[0] if event["event"] == "epoch"]


def test_each_run_has_a_row_for_each_question(
    asked: tuple[comparison.Inputs, dict[str, comparison.Answers]],
) -> None:
    figure = print_charts.pictures_of(*asked)
    words = [text.get_text() for text in figure.texts]
    assert [word for word in words if word in ("given", "small", "twin")] == [
        *("given", "small", "twin"),
        *("small", "twin"),
        *("small", "twin"),
    ]
    assert "From a 4 to a 9" in words
    inputs, answers = asked
    given = np.concatenate([inputs.digits.pixels, inputs.drawing[None]])
    shown = [np.asarray(axes.get_images()[0].get_array()) for axes in figure.axes]
    np.testing.assert_array_equal(shown[0], pictures.contact_sheet(given, 11))
    np.testing.assert_array_equal(shown[-1], pictures.contact_sheet(answers["twin"].path, 10))


def test_curves_show_each_term_of_each_run_in_training_and_validation(small_run: runs.Run) -> None:
    epochs = epochs_of(small_run)
    figure = print_charts.curves_of({"a": epochs, "b": epochs})
    assert [axes.get_title() for axes in figure.axes] == [
        *("Loss", "Reconstruction loss", "KL divergence")
    ]
    for axes, term in zip(figure.axes, epochs[0]["train"], strict=True):
        drawn = [np.asarray(line.get_ydata()).tolist() for line in axes.get_lines()]
        expected = [[e[split][term] for e in epochs] for split in ("train", "validation")]
        assert drawn == expected * 2


def test_the_legend_lies_beside_the_curves_and_nothing_touches_the_edge_of_the_paper(
    small_run: runs.Run, asked: tuple[comparison.Inputs, dict[str, comparison.Answers]]
) -> None:
    names = [f"a run of {i} letters" for i in range(6)]
    curves = print_charts.curves_of(dict.fromkeys(names, epochs_of(small_run)))
    for figure in (curves, print_charts.pictures_of(*asked)):
        with Image.open(BytesIO(print_charts.png(figure))) as picture:
            ink = np.asarray(picture.convert("L")) < 250
        assert not ink[:, :25].any()
        assert not ink[:, -25:].any()
        assert not ink[:5].any()
        assert not ink[-5:].any()
    (legend,) = curves.legends
    box = legend.get_window_extent()
    drawn = filter(None, (axes.get_tightbbox() for axes in curves.axes))
    assert not any(map(box.overlaps, drawn))


def test_files_are_of_print_quality_and_the_same_for_the_same_figures(small_run: runs.Run) -> None:
    def made() -> Figure:
        return print_charts.curves_of({"a": epochs_of(small_run), "an empty run": []})

    with Image.open(BytesIO(print_charts.png(made()))) as picture:
        assert picture.width == 2100  # 7 inches at 300 pixels an inch
    document = print_charts.pdf(made(), made())
    assert document.startswith(b"%PDF")
    assert b"/Count 2" in document
    assert print_charts.pdf(made(), made()) == document
