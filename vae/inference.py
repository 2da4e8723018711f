"""A trained run, served: NumPy in, NumPy out, through LiteRT. Never imports TensorFlow.

Latents are of the base space, where every model's prior is N(0, I); a posterior's mean and variance
are those of z. With a standard prior the two are one, see vae/prior.py.
"""

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from vae import losses, runs
from vae.mnist import IMAGE
from vae.prior import STANDARD, Prior

BATCH = 32
"""Images a network computes at once; larger inputs are cut, so that memory stays bounded. With 256
it took as long, and kept up to 46 MB more for good, each model."""

MANY = 500
"""Images from which on it pays for a lean model to make another encoder."""


@dataclass(frozen=True)
class Draw:
    """One draw of each posterior.

    `latents` (n, latent_dim) float32 can be decoded. `log_ratio` (n,) in nats is log q(z | image)
    - log p(z): its mean over draws is the KL divergence, and the log weight of an importance sample
    is log p(image | z) - log_ratio.
    """

    latents: np.ndarray
    log_ratio: np.ndarray


@dataclass(frozen=True)
class Posterior:
    """What an encoder says of images: a diagonal Gaussian over z for each.

    `mean` and `log_variance` (n, latent_dim) float32 are of z. With a standard prior z is what is
    decoded; with a flow, decode `latents` or those of a draw, not the mean.
    """

    mean: np.ndarray
    log_variance: np.ndarray
    prior: Prior = STANDARD

    def __getitem__(self, indices: np.ndarray) -> "Posterior":
        return Posterior(self.mean[indices], self.log_variance[indices], self.prior)

    @property
    def standard_deviation(self) -> np.ndarray:
        """That of z: (n, latent_dim) float32."""
        return np.exp(0.5 * self.log_variance)

    @cached_property
    def latents(self) -> np.ndarray:
        """The latents of the means, where the images lie in latent space: (n, latent_dim)."""
        return self.prior.to_base(self.mean)[0]

    def sample(self, generator: np.random.Generator) -> np.ndarray:
        """One latent for each image: (n, latent_dim) float32."""
        return self.draw(generator).latents

    def draw(self, generator: np.random.Generator) -> Draw:
        """One draw for each image, with how likely it is."""
        noise = generator.standard_normal(self.mean.shape, dtype=np.float32)
        z = self.mean + self.standard_deviation * noise
        latents, log_volume = self.prior.to_base(z)
        log_prior = losses.log_normal(latents) + log_volume
        return Draw(latents, losses.log_normal(z, self.mean, self.log_variance) - log_prior)

    def kl_divergence(self, draws: int = 100) -> np.ndarray:
        """Of each posterior from the prior: (n,) in nats.

        In closed form; with a flow the mean over so many draws, the same each time.
        """
        if self.prior is STANDARD:
            return losses.kl_divergence(self.mean, self.log_variance)
        generator = np.random.default_rng(0)
        return np.mean([self.draw(generator).log_ratio for _ in range(draws)], axis=0)


class Model:
    """A run's encoder, decoder and prior. Safe to call from many threads."""

    def __init__(self, run: runs.Run, lean: bool = False) -> None:
        """Load the networks of a run.

        Args:
            run: which one.
            lean: do without LiteRT's delegate for processors (XNNPACK), which keeps a copy of all
                weights in an order of its own: a model takes two thirds of the memory, decoding as
                long or a third longer, encoding two to three times as long; but many images at once
                have an encoder with the delegate, for as long as it takes.

        Raises:
            vae.runs.RunError: the run has no model yet, or a file is damaged.
        """
        self.run = run
        self.latent_dim = run.manifest.model.latent_dim
        runs.model_files(run)  # also those that are not served
        latents, images = (self.latent_dim,), IMAGE
        try:
            files = runs.served_files(run.manifest.model)
            encoder, decoder, *flow = [runs.model_content(run, name) for name in files]
            self._encoder = _Network(encoder, "images", images, [latents, latents], lean)
            self._content = encoder if lean else None  # held by the encoder anyway
            self._decoder = _Network(decoder, "latents", latents, [images], lean)
            self.prior = _flow(flow, latents, lean) if flow else STANDARD
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
        mean, log_variance = self._encoder_of(len(images))(images)
        return Posterior(mean, log_variance, self.prior)

    def _encoder_of(self, n: int) -> "_Network":
        if self._content is None or n < MANY:
            return self._encoder
        shape = (self.latent_dim,)
        return _Network(self._content, "images", IMAGE, [shape, shape], lean=False)

    def decode_logits(self, latents: np.ndarray) -> np.ndarray:
        """Latents (n, latent_dim) of the base space -> logits (n, 28, 28) float32.

        Raises:
            ValueError: another shape, or values that are not finite.
        """
        (logits,) = self._decoder(_checked("latents", latents, (self.latent_dim,)))
        return logits

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Latents (n, latent_dim) of the base space -> images (n, 28, 28) float32 in [0, 1].

        Raises:
            ValueError: another shape, or values that are not finite.
        """
        return sigmoid(self.decode_logits(latents))

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Images (n, 28, 28) in [0, 1] -> what is decoded from their posterior means."""
        return self.decode(self.encode(images).latents)

    def terms(self, images: np.ndarray, posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
        """Reconstruction loss at the posterior mean, and KL divergence: both (n,) in nats."""
        logits = self.decode_logits(posterior.latents)
        return losses.reconstruction_loss(images, logits), posterior.kl_divergence()


def load(run_dir: Path | str) -> Model:
    """The model of a run directory, its files verified.

    Raises:
        vae.runs.RunError: no run is there, it has no model yet, or a file is damaged.
    """
    return Model(runs.read(run_dir))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-logits)), in the form that cannot overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


def _flow(content: list[bytes], latents: tuple[int, ...], lean: bool) -> Prior:
    """The prior whose T and inverse are the networks of `runs.FLOW_FILES`."""
    to_base, from_base = content
    inverse = _Network(to_base, "z", latents, [latents, ()], lean)
    forward = _Network(from_base, "latents", latents, [latents], lean)

    def base(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        latents, log_volume = inverse(z)
        return latents, log_volume

    return Prior(base, lambda latents: forward(latents)[0])


class _Network:
    """One .tflite file. An interpreter is not thread-safe, so a lock lets callers in one by one."""

    def __init__(
        self,
        content: bytes,
        argument: str,
        taken: tuple[int, ...],
        given: list[tuple[int, ...]],
        lean: bool,
    ) -> None:
        """Raises: ValueError, RuntimeError: it is no network from one shape to the others."""
        self._argument = argument
        self._lock = threading.Lock()
        resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if lean else OpResolverType.AUTO
        interpreter = Interpreter(
            model_content=content, num_threads=1, experimental_op_resolver_type=resolver
        )
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
