"""The true posterior p(z | image) of a model with two latent dimensions, on a fine grid.

p(z | image) = p(image | z) p(z) / p(image). In two dimensions the integral p(image) can be had
without sampling: the plane is cut into cells, and those in which an image has any of its
probability, or its encoder's Gaussian q, are cut again, up to 9 x 9. `live/theory/` does the same
in the page, for one image at a time.

The gap KL(q || p(z | image)) is what the ELBO lacks of log p(image). It has two parts: the best
Gaussian of q's kind leaves the *approximation gap*; that the encoder's is not the best for this
image is the *amortisation gap*. Source: Cremer, Li and Duvenaud 2018, "Inference Suboptimality in
Variational Autoencoders".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

from vae.inference import Model, Posterior
from vae.losses import log_normal
from vae.prior import STANDARD

CELL = 1 / 12  # of the plane, the side of a coarse cell at most
SPLITS = (1, 3, 5, 7, 9)  # a cell that counts is cut into so many, along each side
SHARPEST = 0.5  # standard deviations of the narrowest q: a square, where that many are enough
MARGIN = 18.0  # nats below the highest at which a cell does not count
REACH = 4.5  # standard deviations of q that count
PEAK = np.log(2.0)  # nats that a hill has to rise above the way to a higher one
SMALLEST = 0.01  # the probability that a hill has to hold
STEPS, SETTLED = 60, 1e-3  # of the search for the best Gaussian; nats that end it
CHUNK = 500  # images at a time, so that memory stays bounded
COVERED = 0.99  # of a Gaussian's probability has to lie in cells that count

Share = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""


@dataclass(frozen=True)
class Grid:
    """The square [-extent, extent]^2, cut into cells x cells, and each cell into split x split."""

    extent: float
    cells: int
    split: int

    @property
    def side(self) -> float:
        """Of a cell."""
        return 2 * self.extent / self.cells

    def middles(self) -> np.ndarray:
        """Of the cells, the first coordinate slowest: (cells^2, 2) float32."""
        axis = (np.arange(self.cells) + 0.5) * self.side - self.extent
        return np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2).astype("f4")

    def within(self, cells: np.ndarray) -> np.ndarray:
        """The middles of the small squares of cells (c,): (c, split, split, 2)."""
        corners = np.stack(np.divmod(cells, self.cells), -1) * self.side - self.extent
        axis = (np.arange(self.split) + 0.5) * self.side / self.split
        inside = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)
        return corners[:, None, None] + inside


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian with independent dimensions: mean and log variance, both (2,)."""

    mean: np.ndarray
    log_variance: np.ndarray


@dataclass(frozen=True)
class Hill:
    """A peak of a true posterior and what belongs to it: its probability, its moments."""

    probability: float
    moments: Gaussian


@dataclass(frozen=True)
class Field:
    """log p(image, z) of one image, in nats, at the middles of small squares of a grid.

    `cells` (c,) are those that count, `log_joint` (c, split, split) float32 is of their squares.
    """

    grid: Grid
    cells: np.ndarray
    log_joint: np.ndarray

    @property
    def log_area(self) -> float:
        """The log of the area of a square."""
        return 2 * float(np.log(self.grid.side / self.grid.split))

    @property
    def nll(self) -> float:
        """-log p(image), in nats."""
        return -_log_sum(self.log_joint.ravel()) - self.log_area

    @property
    def error(self) -> float:
        """How far log p(image) differs between every other column and the rest, or row, or
        diagonal: nats.

        Each is a coarser grid of its own, so the whole is much nearer to the truth than that.
        """
        x, y = self._places()
        weights = np.exp(self.log_joint - self.log_joint.max(), dtype=np.float64)
        halves = [weights[place % 2 == 0].sum() for place in (x, y, x + y)]
        with np.errstate(divide="ignore"):  # one square has it all: there the error is infinite
            return max(abs(float(np.log(half / (weights.sum() - half)))) for half in halves)

    def gap(self, q: Gaussian) -> float:
        """KL(q || p(z | image)) in nats; infinite for a q that is where the image was not asked."""
        return _Search(self).gap(q)

    def best_gaussian(self, first: Gaussian) -> Gaussian:
        """The Gaussian with the smallest gap that is found from `first`, and from each hill."""
        search = _Search(self)
        starts = [first, *(hill.moments for hill in self.hills())]
        return min(map(search.descend, starts), key=search.gap)

    def hills(self) -> list[Hill]:
        """Those with at least 1 % of the probability, the largest first.

        A hill has a peak from which one has to descend to half its density before one can climb
        higher: less is the roughness of a network.
        """
        x, y = (place.ravel() for place in self._places())
        values = self.log_joint.ravel().astype(np.float64)
        values = values - values.max()
        order = np.argsort(-values, kind="stable")
        order = order[values[order] > -MARGIN]
        root: dict[tuple[int, int], int] = {}  # of each square, the square at the peak
        merged: dict[int, int] = {}  # peaks that turned out to be none, and where they belong

        def find(peak: int) -> int:
            while peak in merged:
                peak = merged[peak]
            return peak

        for square in order.tolist():
            i, j = int(x[square]), int(y[square])
            around = [(i + a, j + b) for a, b in product((-1, 0, 1), repeat=2)]
            near = sorted({find(root[p]) for p in around if p in root}, key=lambda p: -values[p])
            root[i, j] = near[0] if near else square
            for lower in near[1:]:
                if values[lower] - values[square] < PEAK:
                    merged[lower] = near[0]
        weights = np.exp(values[order])
        peaks = np.array([find(root[int(x[s]), int(y[s])]) for s in order.tolist()])
        points = self.points().reshape(-1, 2)[order]
        found = []
        for peak in np.unique(peaks):
            mine = weights * (peaks == peak)
            probability = float(mine.sum() / weights.sum())
            if probability >= SMALLEST:
                found.append(Hill(probability, _moments(points, mine / mine.sum())))
        return sorted(found, key=lambda hill: -hill.probability)

    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """Which squares of the plane these are, counted along both axes: (c, split, split) each."""
        column, row = (
            self.grid.split * place[:, None, None]
            for place in np.divmod(self.cells, self.grid.cells)
        )
        inside = np.arange(self.grid.split)
        shape = self.log_joint.shape
        return (
            np.broadcast_to(column + inside[:, None], shape),
            np.broadcast_to(row + inside, shape),
        )

    def points(self) -> np.ndarray:
        """The middles of the squares: (c, split, split, 2)."""
        return self.grid.within(self.cells)


class _Search:
    """The gap as a function of q: sums over the squares, so that no network is asked."""

    def __init__(self, field: Field) -> None:
        self.points = field.points().reshape(-1, 2)
        self.values = field.log_joint.ravel().astype(np.float64) + field.nll  # log p(z | image)
        self.log_area = field.log_area
        self.least = self.log_area + 2 * np.log(0.8)  # narrower than a square it cannot be seen

    def _expected(self, q: Gaussian) -> tuple[float, np.ndarray, np.ndarray]:
        """E_q[log p(z | image)], and what it gains as mean and log variance of q grow."""
        z = (self.points - q.mean) * np.exp(-0.5 * q.log_variance)
        near = (z**2).sum(axis=1) < 60
        z, values = z[near], self.values[near]
        weights = np.exp(self.log_area - 0.5 * (z**2).sum(axis=1) - 0.5 * q.log_variance.sum())
        weights /= 2 * np.pi
        covered = float(weights.sum())
        if covered < COVERED:  # it has walked away from where the image was asked about
            return -np.inf, np.zeros(2), np.zeros(2)
        weights /= covered
        expected = float(weights @ values)
        part = weights * (values - expected)
        return expected, part @ z * np.exp(-0.5 * q.log_variance), 0.5 * part @ (z**2 - 1)

    def gap(self, q: Gaussian) -> float:
        return self._gap(q, self._expected(q)[0])

    @staticmethod
    def _gap(q: Gaussian, expected: float) -> float:
        return -float(1 + np.log(2 * np.pi) + 0.5 * q.log_variance.sum()) - expected

    def descend(self, q: Gaussian) -> Gaussian:
        """Natural gradient steps, halved where they lead up.

        The Fisher information of a mean is one over the variance, that of a log variance 1/2.
        """
        expected, by_mean, by_log_variance = self._expected(q)
        gap, rate = self._gap(q, expected), 1.0
        for _ in range(STEPS):
            mean = q.mean + rate * np.exp(q.log_variance) * by_mean
            step = np.clip(2 * (0.5 + by_log_variance), -1, 1)
            tried = Gaussian(mean, np.maximum(q.log_variance + rate * step, self.least))
            slopes = self._expected(tried)
            lower = self._gap(tried, slopes[0])
            if lower < gap:
                saved, gap, q = gap - lower, lower, tried
                _, by_mean, by_log_variance = slopes
                if saved < SETTLED * rate:
                    break
                rate = min(1.0, 2 * rate)
            elif rate < 0.02:
                break
            else:
                rate /= 2
        return q


def _log_sum(values: np.ndarray) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top, dtype=np.float64).sum()))


def _moments(points: np.ndarray, weights: np.ndarray) -> Gaussian:
    mean = weights @ points
    return Gaussian(mean, np.log(weights @ (points - mean) ** 2 + 1e-12))


def grid_for(posterior: Posterior, extent: float = 4.0) -> Grid:
    """A grid that holds each q and the prior as far as they count, and shows the narrowest."""
    reached = np.abs(posterior.mean) + REACH * posterior.standard_deviation
    extent = max(extent, float(reached.max()))
    cells = int(np.ceil(2 * extent / CELL))
    widest = SHARPEST * float(posterior.standard_deviation.min())
    split = next((n for n in SPLITS if 2 * extent / cells / n <= widest), SPLITS[-1])
    return Grid(extent, cells, split)


def explore(
    model: Model,
    images: np.ndarray,
    posterior: Posterior,
    progress: Share = lambda share: None,
) -> list[Field]:
    """The field of each image (n, 28, 28) in [0, 1].

    Args:
        model: with two latent dimensions and a standard prior.
        images: the images.
        posterior: what the model's encoder says of them.
        progress: told how far it is.

    Raises:
        ValueError: the model has other dimensions, or a learned prior.
    """
    if model.latent_dim != 2 or model.prior is not STANDARD:
        raise ValueError(
            f"{model.name} has {model.latent_dim} latent dimensions"
            f"{'' if model.prior is STANDARD else ' and a learned prior'}; the true posterior is "
            "computed for 2 and a standard prior"
        )
    grid = grid_for(posterior)
    flat = images.reshape(len(images), -1).astype(np.float32)
    counting = _counting(model, grid, flat, posterior)
    members = [np.flatnonzero(counting[:, cell]) for cell in range(counting.shape[1])]
    cells: list[list[int]] = [[] for _ in flat]
    values: list[list[np.ndarray]] = [[] for _ in flat]
    for cell, mine in enumerate(members):
        progress(cell / len(members))
        if len(mine):
            points = grid.within(np.array([cell])).reshape(-1, 2).astype(np.float32)
            for image, found in zip(mine, _log_joint(model, points, flat[mine]), strict=True):
                cells[image].append(cell)
                values[image].append(found.reshape(grid.split, grid.split))
    return [Field(grid, np.array(c), np.stack(v)) for c, v in zip(cells, values, strict=True)]


def _log_joint(model: Model, points: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """log p(image, z) of images (n, 784) at points (m, 2): (n, m) float32."""
    logits = model.decode_logits(points).reshape(len(points), -1)
    offset = log_normal(points) - np.logaddexp(0, logits).sum(axis=1, dtype=np.float64)
    return flat @ logits.T + offset.astype(np.float32)


def _counting(model: Model, grid: Grid, flat: np.ndarray, posterior: Posterior) -> np.ndarray:
    """Which cells count for which image: (n, cells^2) bool."""
    middles = grid.middles()
    logits = model.decode_logits(middles).reshape(len(middles), -1)
    offset = log_normal(middles) - np.logaddexp(0, logits).sum(axis=1, dtype=np.float64)
    found = np.zeros((len(flat), len(middles)), bool)
    for part in _parts(len(flat)):
        values = flat[part] @ logits.T + offset.astype(np.float32)
        by_p = values > values.max(axis=1, keepdims=True) - MARGIN
        squares = by_p.reshape(-1, grid.cells, grid.cells)
        around = ndimage.binary_dilation(squares, np.ones((1, 3, 3), bool)).reshape(by_p.shape)
        deviation = posterior.standard_deviation[part, None]
        # measured from the middle of a cell to its nearest edge
        apart = np.abs(middles - posterior.mean[part, None]) - grid.side / 2
        by_q = (np.maximum(apart, 0) <= REACH * deviation).all(axis=2)
        found[part] = around | by_q
    return found


def _parts(n: int) -> Iterator[slice]:
    for start in range(0, n, CHUNK):
        yield slice(start, start + CHUNK)
