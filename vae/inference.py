"""A trained run, served: NumPy in, NumPy out, through LiteRT. Never imports TensorFlow."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from vae import losses, runs
from vae.mnist import IMAGE

BATCH = 32
"""Images a network computes at once; larger inputs are cut, so that memory stays bounded. With 256
it took as long, and kept up to 46 MB more for good, each model."""


@dataclass(frozen=True)
class Posterior:
    """A diagonal Gaussian over latents for each image: both arrays (n, latent_dim) float32."""

    mean: np.ndarray
    log_variance: np.ndarray

    @property
    def standard_deviation(self) -> np.ndarray:
        """(n, latent_dim) float32."""
        return np.exp(0.5 * self.log_variance)

    def sample(self, generator: np.random.Generator) -> np.ndarray:
        """One latent for each image: (n, latent_dim) float32."""
        noise = generator.standard_normal(self.mean.shape, dtype=np.float32)
        return self.mean + self.standard_deviation * noise


class Model:
    """A run's encoder and decoder. Safe to call from many threads."""

    def __init__(self, run: runs.Run) -> None:
        """Raises: vae.runs.RunError: the run has no model yet, or a file is damaged."""
        self.run = run
        self.latent_dim = run.manifest.model.latent_dim
        runs.model_files(run)  # also those that are not served
        latents, images = (self.latent_dim,), IMAGE
        try:
            encoder, decoder = (runs.model_content(run, name) for name in runs.SERVED_FILES)
            self._encoder = _Network(encoder, "images", images, [latents, latents])
            self._decoder = _Network(decoder, "latents", latents, [images])
        except (ValueError, RuntimeError) as error:
            raise runs.RunError(f"the networks of {run.name} cannot be loaded: {error}") from error

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.name

    def encode(self, images: np.ndarray) -> Posterior:
        """Images (n, 28, 28) in [0, 1] -> their posteriors.

        Raises:
            ValueError: another shape, or values outside [0, 1].
        """
        images = _checked("images", images, IMAGE)
        if images.size and not 0 <= images.min() <= images.max() <= 1:
            raise ValueError(
                f"images reach from {images.min():g} to {images.max():g}; scale them to [0, 1]"
            )
        mean, log_variance = self._encoder(images)
        return Posterior(mean, log_variance)

    def decode_logits(self, latents: np.ndarray) -> np.ndarray:
        """Latents (n, latent_dim) -> logits (n, 28, 28) float32.

        Raises:
            ValueError: another shape, or values that are not finite.
        """
        (logits,) = self._decoder(_checked("latents", latents, (self.latent_dim,)))
        return logits

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Latents (n, latent_dim) -> images (n, 28, 28) float32 in [0, 1].

        Raises:
            ValueError: another shape, or values that are not finite.
        """
        return sigmoid(self.decode_logits(latents))

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Images (n, 28, 28) in [0, 1] -> what is decoded from their posterior means."""
        return self.decode(self.encode(images).mean)

    def terms(self, images: np.ndarray, posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
        """Reconstruction loss at the posterior mean, and KL divergence: both (n,) in nats."""
        logits = self.decode_logits(posterior.mean)
        kl = losses.kl_divergence(posterior.mean, posterior.log_variance)
        return losses.reconstruction_loss(images, logits), kl


def load(run_dir: Path | str) -> Model:
    """The model of a run directory, its files verified.

    Raises:
        vae.runs.RunError: no run is there, it has no model yet, or a file is damaged.
    """
    return Model(runs.read(run_dir))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-logits)), in the form that cannot overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


class _Network:
    """One .tflite file. An interpreter is not thread-safe, so a lock lets callers in one by one."""

    def __init__(
        self,
        content: bytes,
        argument: str,
        taken: tuple[int, ...],
        given: list[tuple[int, ...]],
    ) -> None:
        """Raises: ValueError, RuntimeError: it is no network from one shape to the others."""
        self._argument = argument
        self._lock = threading.Lock()
        interpreter = Interpreter(model_content=content, num_threads=1)
        self._signature = interpreter.get_signature_runner("serving_default")
        self._outputs = sorted(self._signature.get_output_details())
        inputs, outputs = self._signature.get_input_details(), self._signature.get_output_details()
        found = [_shape(inputs.get(argument)), *(_shape(outputs[name]) for name in self._outputs)]
        if found != [taken, *given]:
            raise ValueError(f"a network's shapes are {found}; they should be {[taken, *given]}")

    def __call__(self, inputs: np.ndarray) -> list[np.ndarray]:
        """The network's outputs, in the order in which it was built."""
        chunks = [inputs[i : i + BATCH] for i in range(0, len(inputs), BATCH)]
        with self._lock:
            results = [self._signature(**{self._argument: chunk}) for chunk in chunks]
        return [np.concatenate([result[name] for result in results]) for name in self._outputs]


def _shape(details: dict | None) -> tuple[int, ...] | None:
    """Of one example; a batch has any number of them."""
    return None if details is None else tuple(map(int, details["shape_signature"][1:]))


def _checked(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    values = np.ascontiguousarray(values, dtype=np.float32)
    if values.shape[1:] != shape or values.ndim != len(shape) + 1 or len(values) == 0:
        wanted = ", ".join(str(size) for size in shape)
        raise ValueError(f"{name} have shape {values.shape}; expected (n, {wanted}) with n >= 1")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} have values that are not finite; replace nan and infinity")
    return values
