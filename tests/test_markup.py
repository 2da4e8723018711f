"""Pictures as HTML: to scale, and in the right colours."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pages.shared import markup
from vae.latent_map import LatentMap


class Parts(HTMLParser):
    """The elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def style(self, kind: str) -> dict[str, float]:
        """The numbers in the style of the only <i> of a class."""
        (style,) = [a["style"] for tag, a in self.found if tag == "i" and a["class"] == kind]
        numbers = re.findall(r"(left|top|width|height|rotate)[:(] ?(-?[\d.]+)", style)
        return {name: float(value) for name, value in numbers}


SPREAD = np.array([[0.05, 0.02], [0.02, 0.03]])


@pytest.mark.parametrize(("kind", "deviations"), [("one", 1), ("two", 2)])
def test_the_ellipse_is_the_posterior_to_scale(flat: LatentMap, kind: str, deviations: int) -> None:
    point = np.array([0.5, -0.25]) * flat.extent
    html = markup.whole_map(flat, "data:,", point, SPREAD)
    style = Parts(html).style(kind)
    assert style["left"] == pytest.approx(75, abs=0.01)
    assert style["top"] == pytest.approx(62.5, abs=0.01)  # upwards is up
    turn = np.radians(-style["rotate"])  # the browser turns clockwise
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    half = np.array([style["width"], style["height"]]) / 100 * flat.extent
    drawn = rotation @ np.diag(half**2) @ rotation.T
    np.testing.assert_allclose(drawn, SPREAD * deviations**2, atol=0.01)


def test_the_ring_stays_in_sight_of_a_point_far_out(flat: LatentMap) -> None:
    style = Parts(markup.whole_map(flat, "data:,", np.array([99.0, -99.0]), SPREAD)).style("mark")
    assert (style["left"], style["top"]) == (98, 98)


def test_the_close_up_shows_the_same_ellipse_larger_and_digits_that_lie_there(
    flat: LatentMap,
) -> None:
    point = flat.points[100]
    parts = Parts(markup.close_up(flat, point, SPREAD))
    reach = 5 * np.sqrt(np.linalg.eigvalsh(SPREAD)[1])
    assert parts.style("one")["width"] == pytest.approx(20, abs=0.01)
    digits = [attributes for tag, attributes in parts.found if tag == "img"]
    assert digits
    for attributes in digits:
        left, top = map(float, re.findall(r"(-?[\d.]+)%", attributes["style"]))
        place = point + np.array([left - 50, 50 - top]) / 50 * reach
        nearest = np.abs(flat.points - place).max(axis=1).argmin()
        assert attributes["alt"] == f"a {flat.digits.labels[nearest]}"


def test_a_point_without_a_posterior_has_no_ellipse_and_a_tenth_of_the_map_around_it(
    flat: LatentMap,
) -> None:
    point = flat.points[100]
    whole = Parts(markup.whole_map(flat, "data:,", point, None))
    parts = Parts(markup.close_up(flat, point, None))
    kinds = [a["class"] for tag, a in whole.found + parts.found if tag == "i"]
    assert kinds == ["mark", "dot"]
    digits = [attributes for tag, attributes in parts.found if tag == "img"]
    assert digits
    for attributes in digits:
        left, top = map(float, re.findall(r"(-?[\d.]+)%", attributes["style"]))
        place = point + np.array([left - 50, 50 - top]) / 50 * 0.1 * flat.extent
        nearest = np.abs(flat.points - place).max(axis=1).argmin()
        assert attributes["alt"] == f"a {flat.digits.labels[nearest]}"


def test_too_much_ink_is_orange_and_too_little_blue() -> None:
    seen, rebuilt = np.zeros((2, 28, 28))
    seen[0, 0], rebuilt[0, 1], seen[0, 2], rebuilt[0, 2] = 1, 1, 0.5, 0.5
    blue, orange, same = markup.difference(seen, rebuilt)[0, :3].astype(int)
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]
    assert same.tolist() == [0, 0, 0]


def test_words_in_a_picture_cannot_become_html() -> None:
    assert "<b>" not in markup.image(np.zeros((28, 28)), '"><b>')
