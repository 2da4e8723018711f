"""Where each class lies in latent space: a Gaussian fitted to its posterior means. NumPy only."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Classes:
    """One Gaussian over latents for each class: means (classes, latent_dim), float64, and
    covariances (classes, latent_dim, latent_dim)."""

    means: np.ndarray
    covariances: np.ndarray

    def sample(self, label: int, n: int, seed: int, temperature: float = 1.0) -> np.ndarray:
        """n latents of one class: (n, latent_dim) float32, the same for the same seed.

        Args:
            label: which class.
            n: how many.
            seed: of the noise.
            temperature: scales the distance from the class's mean; 0 gives the mean itself.
        """
        noise = np.random.default_rng(seed).standard_normal((n, self.means.shape[1]))
        spread = noise @ np.linalg.cholesky(self.covariances[label]).T
        return (self.means[label] + temperature * spread).astype(np.float32)

    def likeliest(self, latent: np.ndarray) -> int:
        """The class under whose Gaussian a latent (latent_dim,) has the highest density."""
        apart = latent - self.means
        distance = np.einsum(
            "ci,ci->c", apart, np.linalg.solve(self.covariances, apart[..., None])[..., 0]
        )
        return int(np.argmin(distance + np.linalg.slogdet(self.covariances)[1]))

    def moved(self, latent: np.ndarray, source: int) -> np.ndarray:
        """A latent (latent_dim,) minus one class's mean plus each class's: (classes, latent_dim).

        What sets this digit apart from others of its class stays; the class changes.
        Source: the vector arithmetic of Radford et al. 2016, "Unsupervised Representation Learning
        with Deep Convolutional Generative Adversarial Networks".
        """
        return (latent - self.means[source] + self.means).astype(np.float32)


def fit(means: np.ndarray, labels: np.ndarray) -> Classes:
    """The classes of posterior means (n, latent_dim) with labels (n,) from 0 on, all present."""
    members = [means[labels == label].astype(np.float64) for label in range(int(labels.max()) + 1)]
    return Classes(
        np.stack([group.mean(axis=0) for group in members]),
        np.stack([shrunk_covariance(group) for group in members]),
    )


def shrunk_covariance(points: np.ndarray) -> np.ndarray:
    """The covariance of points (n, d), n >= 2, drawn towards a ball: (d, d), positive definite.

    It is (1 - rho) S + rho (tr S / d) I with the sample covariance S. For Gaussian points rho, the
    share of the ball, is the best that can be told from them: the less, the more points there are
    for their dimensions and the less their cloud is like a ball. Source: Chen et al. 2010,
    "Shrinkage Algorithms for MMSE Covariance Estimation", equation 23 (oracle approximating
    shrinkage).
    """
    n, d = points.shape
    covariance = np.cov(points, rowvar=False, bias=True).reshape(d, d)
    if d == 1:  # a ball already
        return covariance
    trace, of_square = np.trace(covariance), np.sum(covariance**2)
    above = (1 - 2 / d) * of_square + trace**2
    below = (n + 1 - 2 / d) * (of_square - trace**2 / d)
    rho = min(1.0, above / below) if below > 0 else 1.0
    return (1 - rho) * covariance + rho * trace / d * np.eye(d)
