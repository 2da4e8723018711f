"""Where each class lies in latent space: Gaussians fitted to its posterior means. NumPy only.

A class may lie in several places, as sevens with a bar and without one do; its mean is then in none
of them. So each class is a mixture of one Gaussian or a few, its *clusters*.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

MOST_CLUSTERS = 4
KEPT = (1.0, 0.75, 0.5, 0.25, 0.0)
"""Shares of what sets a digit apart from its cluster that it may keep in another class."""

_LEAST = 1e-12  # of a variance, so that there is always a Gaussian
_ROUNDS = 30  # of assigning points to clusters and fitting these again; most settle within ten


@dataclass(frozen=True)
class Classes:
    """Clusters of latents, each of one class, those of a class one after the other.

    `labels` (k,) are their classes, `weights` (k,) their shares of the digits of the class, `means`
    (k, latent_dim) and `covariances` (k, latent_dim, latent_dim), float64, their Gaussians.
    """

    labels: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def sample(self, label: int, n: int, seed: int, temperature: float = 1.0) -> np.ndarray:
        """n latents of one class: (n, latent_dim) float32, the same for the same seed.

        Args:
            label: which class.
            n: how many.
            seed: of the choice of clusters, and of the noise.
            temperature: scales the distance from the cluster's mean; 0 gives the mean itself.
        """
        generator = np.random.default_rng(seed)
        mine = np.flatnonzero(self.labels == label)
        chosen = generator.choice(mine, n, p=self.weights[mine])
        noise = generator.standard_normal((n, self.means.shape[1]))
        spread = np.einsum("nij,nj->ni", np.linalg.cholesky(self.covariances)[chosen], noise)
        return (self.means[chosen] + temperature * spread).astype(np.float32)

    def likeliest(self, latent: np.ndarray) -> int:
        """The class under whose mixture a latent (latent_dim,) has the highest density."""
        scaled = np.einsum("kij,kj->ki", self._to_unit, latent.astype(np.float64) - self.means)
        log_density = (
            np.log(self.weights)
            - 0.5 * (scaled**2).sum(axis=1)
            + np.log(np.diagonal(self._to_unit, axis1=1, axis2=2)).sum(axis=1)
        )
        of_class = [
            np.logaddexp.reduce(log_density[self.labels == label])
            for label in range(self.labels.max() + 1)
        ]
        return int(np.argmax(of_class))

    @cached_property
    def _to_unit(self) -> np.ndarray:
        """What makes each cluster's Gaussian N(0, I): (k, latent_dim, latent_dim)."""
        return np.linalg.inv(np.linalg.cholesky(self.covariances))

    def moved(self, latent: np.ndarray, source: int) -> np.ndarray:
        """A latent (latent_dim,) as each class: (tries, classes, latent_dim) float32, best first.

        The mean of its nearest cluster in the class `source` goes, and that of the nearest cluster
        of another class comes instead: what sets this digit apart from its like stays. Where the
        classes are shaped differently, that may lead out of the other one; so the later tries keep
        less and less of it, as KEPT has it, then come the same with the class's farther clusters.

        Source: the vector arithmetic of Radford et al. 2016, "Unsupervised Representation Learning
        with Deep Convolutional Generative Adversarial Networks", with clusters for classes.
        """
        nearest = [self._nearest(latent, label) for label in range(self.labels.max() + 1)]
        apart = latent - nearest[source][0]
        most = max(map(len, nearest))
        means = np.stack([means[np.arange(most) % len(means)] for means in nearest], axis=1)
        tries = means[:, None] + np.array(KEPT)[:, None, None] * apart
        return tries.reshape(-1, *means.shape[1:]).astype(np.float32)

    def _nearest(self, latent: np.ndarray, label: int) -> np.ndarray:
        """The means of a class's clusters (k, latent_dim), the nearest to a latent first."""
        means = self.means[self.labels == label]
        return means[np.argsort(np.linalg.norm(means - latent, axis=1), kind="stable")]


def fit(means: np.ndarray, labels: np.ndarray, most: int = MOST_CLUSTERS) -> Classes:
    """The classes of posterior means (n, latent_dim) with labels (n,) from 0 on, all present.

    Of one to `most` clusters a class gets the number with the lowest Bayesian information criterion
    (Schwarz 1978, "Estimating the Dimension of a Model").
    """
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for label in range(int(labels.max()) + 1):
        members = means[labels == label].astype(np.float64)
        tried = [_clusters(members, k) for k in range(1, most + 1)]
        found.append(min(tried, key=lambda mixture: _criterion(members, *mixture)))
    weights, centres, covariances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    of = np.repeat(np.arange(len(found)), [len(mixture[0]) for mixture in found])
    return Classes(of, weights, centres, covariances)


def _clusters(points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Up to k Gaussians that points (n, d) may come from: weights, means, covariances.

    Each point belongs to one. They begin as equal shares along the strongest principal component,
    and one that is left with too few points goes. Source: Celeux and Govaert 1992, "A
    Classification EM Algorithm for Clustering and Two Stochastic Versions".
    """
    n, d = points.shape
    fewest = max(2, min(d, n // 2))
    k = max(1, min(k, n // fewest))
    direction = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
    of = np.argsort(np.argsort(points @ direction, kind="stable"), kind="stable") * k // n
    mixture = _fitted(points, of, fewest)
    for _ in range(_ROUNDS):
        weights, centres, covariances = mixture
        before = of
        of = (np.log(weights) + log_normals(points, centres, covariances)).argmax(axis=1)
        if np.array_equal(of, before):
            break
        mixture = _fitted(points, of, fewest)
    return mixture


def _fitted(
    points: np.ndarray, of: np.ndarray, fewest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and covariances of the clusters that points (n, d) are `of` (n,), but for
    those with too few of them."""
    groups = [points[of == c] for c in np.unique(of) if (of == c).sum() >= fewest]
    weights = np.array([len(group) for group in groups]) / sum(map(len, groups))
    covariances = np.stack([shrunk_covariance(group) for group in groups])
    return weights, np.stack([group.mean(axis=0) for group in groups]), covariances


def _criterion(
    points: np.ndarray, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray
) -> float:
    """The Bayesian information criterion of a mixture on points (n, d): lower is better."""
    n, d = points.shape
    likelihood = np.log(weights) + log_normals(points, means, covariances)
    parameters = len(weights) * (1 + d + d * (d + 1) / 2) - 1
    return float(parameters * np.log(n) - 2 * np.logaddexp.reduce(likelihood, axis=1).sum())


def log_normals(points: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """The log density of points (n, d) under each of k Gaussians: (n, k) nats."""
    d = points.shape[1]
    columns = []
    for mean, covariance in zip(means, covariances, strict=True):
        root = np.linalg.cholesky(covariance)
        scaled = np.linalg.inv(root) @ (points - mean).T  # quicker than to solve for thousands
        log_volume = np.log(np.diag(root)).sum()
        columns.append(-0.5 * (scaled**2).sum(axis=0) - log_volume - 0.5 * d * np.log(2 * np.pi))
    return np.stack(columns, axis=1)


def shrunk_covariance(points: np.ndarray) -> np.ndarray:
    """The covariance of points (n, d), n >= 2, drawn towards a ball: (d, d), positive definite.

    It is (1 - rho) S + rho (tr S / d) I with the sample covariance S. For Gaussian points rho, the
    share of the ball, is the best that can be told from them: the less, the more points there are
    for their dimensions and the less their cloud is like a ball. Where all points are one, as an
    encoder that has died puts them, a tiny ball is left. Source: Chen et al. 2010, "Shrinkage
    Algorithms for MMSE Covariance Estimation", equation 23 (oracle approximating shrinkage).
    """
    n, d = points.shape
    covariance = np.cov(points, rowvar=False, bias=True).reshape(d, d) + _LEAST * np.eye(d)
    if d == 1:  # a ball already
        return covariance
    trace, of_square = np.trace(covariance), np.sum(covariance**2)
    above = (1 - 2 / d) * of_square + trace**2
    below = (n + 1 - 2 / d) * (of_square - trace**2 / d)
    rho = min(1.0, above / below) if below > 0 else 1.0
    return (1 - rho) * covariance + rho * trace / d * np.eye(d)
