"""The parts of the page How it works: one digit's way through a model, in pictures and figures."""

import inspect
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from pages.shared import canvas, markup, resources, widgets
from vae import comparison, losses, runs
from vae.inference import Posterior, sigmoid
from vae.preprocess import Blank
from vae.prior import STANDARD

MINE = "My drawing"
_MANY = 8  # with more latent dimensions than that, bars have no figures


@dataclass(frozen=True)
class Path:
    """One digit's way through a model: the image (28, 28), its posterior (1, latent_dim), the noise
    and z (latent_dim,), the latent that it is in the base space, the logits (28, 28)."""

    run: runs.Run
    image: np.ndarray
    posterior: Posterior
    noise: np.ndarray
    z: np.ndarray
    latent: np.ndarray
    logits: np.ndarray

    @property
    def is_autoencoder(self) -> bool:
        """Whether the latent is all that the encoder gives, without a posterior around it."""
        return self.run.manifest.training.is_autoencoder

    @property
    def kl(self) -> np.ndarray:
        """The KL divergence of each latent dimension from a standard prior: (latent_dim,) nats."""
        return losses.kl_per_dimension(self.posterior.mean, self.posterior.log_variance)[0]

    @cached_property
    def told(self) -> float:
        """The KL divergence in nats."""
        return float(self.posterior.kl_divergence()[0])

    @property
    def has_flow(self) -> bool:
        """Whether the latent is another than z."""
        return self.posterior.prior is not STANDARD

    @property
    def per_pixel(self) -> np.ndarray:
        """The reconstruction loss of each pixel: (28, 28) nats."""
        return losses.reconstruction_per_pixel(self.image, self.logits)


def choose() -> np.ndarray:
    """The digit to follow (28, 28): one of ten, or this visitor's drawing."""
    digits, mine = comparison.ten_digits(0), canvas.image()
    has_drawn = not isinstance(mine, Blank)
    names = [str(label) for label in digits.labels] + [MINE] * has_drawn
    name = st.pills(
        "Digit", names, default="4", required=True, key="example", bind="query-params",
        persist_state="session",
    )  # fmt: skip
    if isinstance(mine, Blank):
        st.caption("Draw one on the Draw page, and you can follow it here.")
    elif name == MINE:
        return mine
    return digits.pixels[int(name or 4) if name != MINE else 4]


def follow(run: runs.Run, image: np.ndarray) -> Path:
    """The way of an image through a run, with the noise that was drawn last."""
    model = resources.model(run)
    posterior = model.encode(image[None])
    generator = np.random.default_rng(st.session_state.get("noise", 0))
    noise = generator.standard_normal(model.latent_dim, dtype=np.float32)
    z = posterior.mean
    if not run.manifest.training.is_autoencoder:
        z = z + posterior.standard_deviation * noise
    latents, _ = model.prior.to_base(z)
    logits = model.decode_logits(latents)[0]
    return Path(run, image, posterior, noise, z[0], latents[0], logits)


def encoded(path: Path) -> None:
    """The image, and the numbers of its posterior."""
    mean, deviation = path.posterior.mean[0], path.posterior.standard_deviation[0]
    words = _numbers("z", mean)
    if not path.is_autoencoder:
        words = _numbers("μ", mean) + _numbers("σ", deviation)
    _beside(markup.figure(path.image, "x, the digit", "The digit"), words)


def divergence(path: Path) -> None:
    """The closed form, a bar for each latent dimension, and their sum."""
    st.latex(r"\mathrm{KL}_i = \tfrac{1}{2}\left(\mu_i^2 + \sigma_i^2 - 1 - \log \sigma_i^2\right)")
    st.markdown(
        "Before the model has seen a digit, each latent may be anything near 0: that is the "
        "*prior*, $\\mathcal{N}(0, 1)$. The KL divergence is what the posterior tells beyond that, "
        "in *nats* (1.44 bits). A dimension at 0 tells nothing."
    )
    few = len(path.kl) <= _MANY
    top = max(float(path.kl.max()), 1e-9)
    bars = "".join(
        f'<div title="z{i}: {value:.2f} nats">'
        f"<span>{f'{value:.2f}' if few else ''}</span>"
        f'<i style="height: {5 * value / top:.2f}rem; background: var(--train)"></i>'
        f"<span>{f'z<sub>{i}</sub>' if few else i}</span></div>"
        for i, value in enumerate(path.kl, start=1)
    )
    st.html(
        f'<div class="bars" role="img" aria-label="KL divergence of each latent dimension">{bars}'
        f"</div><p class='aside'>Sum over all dimensions: <b>{path.kl.sum():.1f} nats</b></p>"
    )
    st.code(inspect.getsource(losses.kl_per_dimension), "python")


def drawn(path: Path) -> None:
    """The noise, the latent, and a button for other noise."""
    decoded = markup.figure(sigmoid(path.logits), "decoded from z", "The digit decoded from z")
    words = _numbers("ε", path.noise) + _numbers("z", path.z)
    if path.has_flow:
        words += _numbers("u", path.latent)
    _beside(decoded, words)
    st.button("Draw another ε", icon=":material/casino:", on_click=_resample)


def _resample() -> None:
    st.session_state["noise"] = st.session_state.get("noise", 0) + 1


def lost(path: Path) -> None:
    """The digit, what is decoded, and the reconstruction loss of each pixel."""
    most = float(path.per_pixel.max())
    shown = [
        markup.figure(path.image, "x, the digit", "x"),
        markup.figure(sigmoid(path.logits), "p, the ink expected", "p"),
        markup.figure(
            markup.heat(path.per_pixel / most), f"lost: up to {most:.1f} nats", "Loss of each pixel"
        ),
    ]
    st.html(f'<div class="digits">{"".join(f"<div>{one}</div>" for one in shown)}</div>')
    total = losses.reconstruction_loss(path.image, path.logits)
    st.html(f"<p class='aside'>Sum over all pixels: <b>{total:.1f} nats</b></p>")


def total(path: Path) -> None:
    """Both terms, and the loss."""
    untold = float(losses.reconstruction_loss(path.image, path.logits))
    if path.is_autoencoder:
        st.markdown(f"### {untold:.1f} nats")
        return
    told = path.told
    st.markdown(f"### {untold:.1f} + {told:.1f} = {untold + told:.1f} nats")
    weight = path.run.manifest.training.kl_weight
    if weight != 1:
        st.caption(
            f"{widgets.plain(path.run.name)} was trained with a KL weight (beta) of {weight:g}: "
            f"its loss was {untold:.1f} + {weight:g} × {told:.1f} = {untold + weight * told:.1f}."
        )


def _beside(figure: str, words: str) -> None:
    st.html(f'<div class="digits"><div>{figure}</div><div class="numbers">{words}</div></div>')


def _numbers(name: str, values: np.ndarray) -> str:
    """Some numbers of a vector, as HTML."""
    shown = ", ".join(f"{value:.3f}" for value in values[:_MANY])
    if len(values) > _MANY:
        return f"<p><b>{name}</b> = ({shown}, …), {len(values)} in all</p>"
    return f"<p><b>{name}</b> = ({shown})</p>"
