"""The gaps of every digit on a run's map: `gaps.npz` in its directory. NumPy only.

What a run's true posteriors are, and what its encoder lacks of them, takes minutes to compute
(vae/true_posterior.py), so `python -m vae gaps` does it once.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from vae import atomic, parsed_files, true_posterior, zip_files
from vae.data import Digits
from vae.inference import Model
from vae.runs import Run
from vae.true_posterior import Gaussian, Share

FILE = "gaps.npz"
MAX_BYTES = 400_000  # unpacked; those of 5,000 digits take 65 kB
_HASH = 32  # bytes of SHA-256


class GapsError(Exception):
    """A run's gaps are missing, damaged, or another model's; the text says what to do."""


@dataclass(frozen=True)
class Gaps:
    """Of n digits, in nats, float32 (n,) each; all for grey pixels.

    `nll` is -log p(image); `gap` is KL(q || p(z | image)) of the encoder's q, `approximation` that
    of the best Gaussian that was found: what is left of it is the amortisation gap. `hills` (n,)
    uint8 are those of the true posterior. `networks` (64,) uint8 are the hashes of encoder and
    decoder.
    """

    nll: np.ndarray
    gap: np.ndarray
    approximation: np.ndarray
    hills: np.ndarray
    networks: np.ndarray

    @property
    def amortisation(self) -> np.ndarray:
        """The nats that a search for each digit would save: (n,)."""
        return self.gap - self.approximation


def measure(model: Model, digits: Digits, progress: Share = lambda share: None) -> Gaps:
    """The gaps of these digits, two to five minutes for 5,000.

    Raises:
        ValueError: the model has other than two latent dimensions, or a learned prior.
    """
    posterior = model.encode(digits.pixels)
    found = true_posterior.explore(
        model, digits.pixels, posterior, lambda share: progress(0.7 * share)
    )
    rows = []
    for i, field in enumerate(found):
        progress(0.7 + 0.3 * i / len(found))
        q = Gaussian(
            *(part[i].astype(np.float64) for part in (posterior.mean, posterior.log_variance))
        )
        best = field.gap(field.best_gaussian(q))
        rows.append((field.nll, field.gap(q), best, len(field.hills())))
    nll, gap, approximation, hills = np.array(rows).T
    return Gaps(
        nll=nll.astype(np.float32),
        gap=gap.astype(np.float32),
        approximation=approximation.astype(np.float32),
        hills=hills.astype(np.uint8),
        networks=_networks(model.run),
    )


def write(path: Path, gaps: Gaps) -> None:
    """Keep gaps in the run directory `path`."""
    with atomic.replaced(path / FILE) as file:
        np.savez_compressed(
            file, allow_pickle=False, **{f.name: getattr(gaps, f.name) for f in fields(Gaps)}
        )


def read(run: Run) -> Gaps:
    """The gaps of a run, checked to be those of its present model.

    Raises:
        GapsError: there are none, they cannot be read, or the model has changed since.
    """
    remedy = f"make them with python -m vae gaps {run.path}"
    try:
        found = _read(run.path / FILE)
    except FileNotFoundError:
        raise GapsError(f"{run.name} has no gaps yet; {remedy}") from None
    except (OSError, ValueError) as error:
        raise GapsError(f"the gaps of {run.name} cannot be read: {error}; {remedy}") from error
    if not np.array_equal(found.networks, _networks(run)):
        raise GapsError(f"the gaps of {run.name} are an earlier model's; {remedy}")
    return found


@parsed_files.parsed_once(kept=20)
def _read(file: Path) -> Gaps:
    arrays = zip_files.arrays(file, MAX_BYTES)
    if {*arrays} != {f.name for f in fields(Gaps)}:
        raise ValueError(f"it holds {sorted(arrays)}")
    found = Gaps(**arrays)
    for name, array in arrays.items():
        dtype = np.uint8 if name in ("hills", "networks") else np.float32
        size = 2 * _HASH if name == "networks" else len(np.atleast_1d(found.nll))
        if (array.dtype, array.shape) != (dtype, (size,)):
            raise ValueError(f"{name} is {array.dtype} {array.shape}, not {(size,)}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite")
    return found


def _networks(run: Run) -> np.ndarray:
    hashes = [run.manifest.files[name] for name in ("encoder.tflite", "decoder.tflite")]
    return np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8)
