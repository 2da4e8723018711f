"""The presets: named, tried combinations of both configs."""

from dataclasses import dataclass, replace
from typing import Any

from vae.config import ModelConfig, TrainingConfig


@dataclass(frozen=True)
class Preset:
    """A named, tried combination of both configs."""

    summary: str
    model: ModelConfig
    training: TrainingConfig


_CAREFUL = TrainingConfig(
    batch_size=256,
    schedule="cosine",
    weight_decay=0.02,
    pixels="mixed",
    ema_decay=0.999,
)

_MAP = Preset(
    "Two latent dimensions, so that the whole latent space is a map.",
    ModelConfig(
        latent_dim=2,
        encoder_channels=(16, 32),
        encoder_units=(256, 256),
        encoder_places=4096,
        decoder_units=(512, 512, 512),
        decoder_channels=(24, 32),
    ),
    # Of four seeds, two end within 0.2 nats of the best validation loss; of these, this one has
    # the better k-NN accuracy on the validation images (assets/models/EXPERIMENTS.md).
    replace(_CAREFUL, epochs=60, learning_rate=2e-3, kl_warmup_epochs=6, seed=2),
)

PRESETS: dict[str, Preset] = {
    "map": _MAP,
    "best": Preset(
        "A larger network, trained for longer and with more care: the sharpest digits.",
        ModelConfig(
            latent_dim=16,
            encoder_channels=(16, 32),
            encoder_units=(384, 384),
            decoder_units=(512, 512),
            decoder_channels=(40, 32),
            refinements=1,
            activation="silu",
        ),
        replace(_CAREFUL, epochs=100, learning_rate=3e-3, weight_decay=0.3, kl_warmup_epochs=6),
    ),
    "flow": Preset(
        "A prior that is learned along, a flow, and larger networks: samples that look written.",
        ModelConfig(
            latent_dim=24,
            encoder_channels=(32, 64),
            encoder_units=(512, 512),
            decoder_units=(512, 512),
            decoder_channels=(64, 40),
            refinements=1,
            activation="silu",
            prior="flow",
        ),
        replace(_CAREFUL, epochs=120, learning_rate=3e-3, weight_decay=0.3, kl_warmup_epochs=6),
    ),
    "baseline": Preset(
        "A plain small VAE, trained plainly: what the others are measured against.",
        ModelConfig(latent_dim=16),
        TrainingConfig(),
    ),
    "enhanced": Preset(
        "The baseline with twice as many transposed convolutions in the decoder.",
        ModelConfig(latent_dim=16, decoder_channels=(32, 32), refinements=1),
        TrainingConfig(),
    ),
    "autoencoder": Preset(
        "The map's networks without the VAE: no KL divergence, nothing sampled.",
        replace(_MAP.model, encoder_places=0),
        replace(_MAP.training, kl_weight=0.0, kl_warmup_epochs=0, latents="mean", seed=0),
    ),
    "tiny": Preset(
        "Small and fast: a recognisable map in under a minute.",
        ModelConfig(
            latent_dim=2,
            encoder_units=(256, 128),
            decoder_units=(128, 128),
            decoder_channels=(16, 16),
        ),
        TrainingConfig(
            epochs=10,
            train_images=20000,
            learning_rate=2e-3,
            schedule="cosine",
            ema_decay=0.99,
            # Without it the first 200 steps do not use the latent: with two seeds it was
            # 0.7 and 2.1 nats worse.
            kl_warmup_epochs=1,
        ),
    ),
}


def differences(preset: str, model: ModelConfig, training: TrainingConfig) -> dict[str, Any]:
    """The options, by name, that are not as the preset has them; all of them if it is unknown."""
    values = {**model.to_json(), **training.to_json()}
    known = PRESETS.get(preset)
    usual = {**known.model.to_json(), **known.training.to_json()} if known else {}
    return {name: value for name, value in values.items() if usual.get(name, ...) != value}
