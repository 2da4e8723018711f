"""The formula of each stage of the pipeline, and the source that computes it, as it runs."""

import ast
import inspect
from collections.abc import Callable
from textwrap import dedent
from types import ModuleType
from typing import Any, NamedTuple

import streamlit as st

from vae import losses, runs
from vae.inference import Model, Posterior, sigmoid


class Formula(NamedTuple):
    """What a stage computes, in LaTeX, in words, and as the library has it."""

    latex: str
    words: str
    sources: tuple[Callable[..., Any], ...]


_ENCODE = Formula(
    r"q(z \mid x) = \mathcal{N}\big(z;\; \mu(x),\; \sigma^2(x)\big)",
    "The encoder computes $\\mu$ and $\\log \\sigma^2$ from the pixels.",
    (Model.encode,),
)
_STAGES = {
    "image": Formula(r"x \in [0, 1]^{28 \times 28}", "One number a pixel: how much ink.", ()),
    "encoder": _ENCODE,
    "posterior": Formula(
        r"\mathrm{KL}_i = \tfrac{1}{2}\left(\mu_i^2 + \sigma_i^2 - 1 - \log \sigma_i^2\right)",
        "What the posterior of each latent dimension tells beyond the prior $\\mathcal{N}(0, 1)$, "
        "in *nats* (1.44 bits). A dimension at 0 tells nothing.",
        (losses.kl_per_dimension, losses.kl_divergence),
    ),
    "noise": Formula(
        r"z = \mu + \sigma \odot \varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, I)",
        "Written like this, with the chance in $\\varepsilon$ alone, the loss can be followed back "
        "to $\\mu$ and $\\sigma$: the *reparameterisation trick*.",
        (Posterior.draw,),
    ),
    "decoder": Formula(
        r"p = \mathrm{sigmoid}\big(\mathrm{decoder}(z)\big)",
        "From $z$ to 784 probabilities, by way of as many logits.",
        (Model.decode, sigmoid),
    ),
    "expected": Formula(
        r"p(x \mid z) = \prod_{j=1}^{784} p_j^{x_j} \, (1 - p_j)^{1 - x_j}",
        "Each pixel is black or white by itself, with the probability $p_j$; a grey one is taken "
        "for a mean of both.",
        (sigmoid,),
    ),
    "lost": Formula(
        r"-\log p(x \mid z) = -\sum_{j=1}^{784} \big[x_j \log p_j + (1 - x_j) \log (1 - p_j)\big]",
        "The *reconstruction loss*. It is computed from the logits, where nothing can overflow.",
        (losses.reconstruction_per_pixel, losses.reconstruction_loss),
    ),
    "loss": Formula(
        r"-\log p(x) \;\le\; -\mathrm{ELBO} = "
        r"\underbrace{\mathbb{E}_q[-\log p(x \mid z)]}_{\text{lost}} + "
        r"\underbrace{\mathrm{KL}}_{\text{told}}",
        "The ELBO is the *evidence lower bound*: the model takes the digit for at least that "
        "likely, averaged over draws of $z$ ($\\mathbb{E}_q$).",
        (losses.elbo,),
    ),
}
STAGES = tuple(_STAGES)

_PLAIN = {
    "encoder": Formula(
        r"z = \mathrm{encoder}(x)", "One latent, and nothing else.", (Model.encode,)
    ),
    "posterior": Formula(
        r"z = \mathrm{encoder}(x)",
        "Nothing is drawn at random, so numbers drawn at random decode to no digit more often "
        "than not.",
        (),
    ),
    "loss": Formula(
        r"-\log p(x \mid z)",
        "It is all that is paid: no bound on how likely the digit is.",
        (losses.reconstruction_loss,),
    ),
}
_LEARNED_PRIOR = {
    "posterior": Formula(
        r"\mathrm{KL} = \mathbb{E}_q\big[\log q(z \mid x) - \log p(z)\big], \qquad z = T(u), \;"
        r"u \sim \mathcal{N}(0, I)",
        "This model has learned its own prior: a *flow* $T$ bends the bell curve of a *base space* "
        "to where digits lie, and knows how likely each $z$ then is. What the posterior tells "
        "beyond that has no formula, and no parts by dimension: it is a mean over draws.",
        (Posterior.draw, Posterior.kl_divergence),
    ),
    "noise": _STAGES["noise"]._replace(
        words="The flow's inverse then tells the place of $z$ in the base space, $u$, which is "
        "what the map shows and the decoder is given.",
    ),
}


def stages(run: runs.Run) -> tuple[str, ...]:
    """The names of the stages of this run's pipeline, in order."""
    is_autoencoder = run.manifest.training.is_autoencoder
    return tuple(name for name in STAGES if name != "noise" or not is_autoencoder)


def show(stage: str, run: runs.Run) -> None:
    """Folded: the formula, and the source."""
    own = _PLAIN if run.manifest.training.is_autoencoder else {}
    if run.manifest.model.has_learned_prior:
        own = _LEARNED_PRIOR
    latex, words, sources = (_STAGES | own)[stage]
    with st.expander("The formula, and the source that computes it", icon=":material/function:"):
        left, right = st.columns(2, gap="medium") if sources else (st.container(), None)
        left.latex(latex)
        left.markdown(words)
        if right is not None:
            for one in sources:
                right.code(source(one), "python")


def source(thing: Callable[..., Any] | ModuleType) -> str:
    """The source of a function or module as it runs here, without its docstrings."""
    text = dedent(inspect.getsource(thing))
    said = {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.splitlines(), start=1)
    return "\n".join(line for number, line in lines if number not in said).strip()
