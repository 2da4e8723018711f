"""What to build and how to train it: frozen, validated, JSON both ways.

Every option is declared once, with its bounds and a sentence on what it does. The command
line, the form in the app and the checks here all read that declaration.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

MOST_LAYERS = 12
"""Numbers in an option that has one for each layer."""


@dataclass(frozen=True)
class Option:
    """What one config field means: a sentence, and the values that it takes."""

    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def _option(
    default: Any,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    return field(default=default, metadata={"option": Option(help, low, high, choices)})


class _Checked:
    """Validation and JSON, shared by both configs."""

    def __post_init__(self) -> None:
        for name, option in options(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, list):
                value = tuple(value)
                object.__setattr__(self, name, value)
            _check(name, value, option, _default(type(self), name))

    def to_json(self) -> dict[str, Any]:
        """The config as plain JSON values."""
        return asdict(self)  # pyright: ignore[reportArgumentType]  # every subclass is a dataclass

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The config that `to_json` wrote.

        Raises:
            ValueError: a name is unknown, or a value is out of bounds.
        """
        if not isinstance(values, dict):
            raise ValueError(f"{cls.__name__} is {values!r}; give an object with options")
        unknown = sorted(set(values) - set(options(cls)))
        if unknown:
            raise ValueError(f"unknown {cls.__name__} options {unknown}; remove them")
        return cls(**values)


@dataclass(frozen=True)
class ModelConfig(_Checked):
    """The shape of the networks: encoder to a latent, decoder ending in transposed convolutions."""

    latent_dim: int = _option(2, "Numbers that describe a digit: the size of the latent.", 1, 128)
    encoder_channels: tuple[int, ...] = _option(
        (),
        "Channels of the convolutions that the encoder begins with, each halving the image; none: "
        "dense layers only.",
        1,
        128,
    )
    encoder_units: tuple[int, ...] = _option(
        (512, 256), "Width of each dense layer of the encoder.", 8, 1024
    )
    encoder_places: int = _option(
        0,
        "Places of the plane that the encoder weighs by what the decoder draws there, made anew of "
        "the decoder at each export; 0, a flow or another number of dimensions than 2: as trained.",
        0,
        8192,
    )
    decoder_units: tuple[int, ...] = _option(
        (256,), "Width of each dense layer of the decoder, before the first 7x7 image.", 8, 1024
    )
    decoder_channels: tuple[int, ...] = _option(
        (32, 16), "Channels of the decoder at 7x7 and at 14x14.", 1, 128
    )
    refinements: int = _option(
        0, "Extra transposed convolutions after each resolution: sharper, and slower.", 0, 3
    )
    activation: str = _option(
        "relu",
        "What follows each layer: ReLU, or its smooth relative SiLU.",
        choices=("relu", "silu"),
    )
    dropout: float = _option(
        0.0, "Share of dense units silenced at each training step, against overfitting.", 0.0, 0.9
    )
    prior: str = _option(
        "standard",
        "Prior of the latent: N(0, I) as it is, or bent by a flow that is learned along.",
        choices=("standard", "flow"),
    )
    couplings: int = _option(
        12, "Steps of the flow, if the prior is one: more can bend it further.", 1, 32
    )
    coupling_units: int = _option(256, "Width of the hidden layer in each step.", 8, 1024)

    @property
    def has_places(self) -> bool:
        """Whether the encoder that serves weighs places of the plane."""
        return self.encoder_places > 0 and self.latent_dim == 2 and not self.has_learned_prior

    @property
    def has_learned_prior(self) -> bool:
        """Whether the prior is learned.

        It is a flow then, whose z and latents of the base space differ; a learned prior of another
        kind has to be told from it wherever this is asked.
        """
        return self.prior != "standard"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.has_learned_prior and self.latent_dim == 1:
            raise ValueError(
                "latent_dim is 1, but a flow needs two dimensions at least, of which one moves the "
                "other; give it more or set prior to standard"
            )
        if len(self.decoder_channels) != 2:
            raise ValueError(
                f"decoder_channels is {list(self.decoder_channels)}; give two numbers, "
                "the channels at 7x7 and at 14x14"
            )


@dataclass(frozen=True)
class TrainingConfig(_Checked):
    """How a model is trained. Losses are in nats per image."""

    epochs: int = _option(50, "Times that training goes through all its images.", 1, 1000)
    batch_size: int = _option(128, "Images in one training step.", 8, 2048)
    learning_rate: float = _option(1e-3, "Size of a training step, at its largest.", 1e-6, 0.1)
    schedule: str = _option(
        "constant",
        "Constant learning rate, or one that falls to zero along a cosine.",
        choices=("constant", "cosine"),
    )
    weight_decay: float = _option(0.0, "Pull of the weights towards zero (AdamW).", 0.0, 1.0)
    kl_weight: float = _option(
        1.0, "Weight of the KL divergence in the loss (beta); 1 gives the ELBO.", 0.0, 1000.0
    )
    kl_warmup_epochs: int = _option(
        0, "Epochs in which the KL weight rises from zero to its value.", 0, 1000
    )
    free_bits: float = _option(
        0.0,
        "Nats of KL divergence that each latent dimension has for free, so that it is not switched "
        "off.",
        0.0,
        5.0,
    )
    latents: str = _option(
        "sampled",
        "Decode a sample of each posterior, or its mean: with a KL weight of 0 as well, the model "
        "is a plain autoencoder.",
        choices=("sampled", "mean"),
    )
    pixels: str = _option(
        "grey",
        "Grey pixels as they are, black-or-white pixels drawn anew each time, or half of each.",
        choices=("grey", "binarised", "mixed"),
    )
    augmentation: float = _option(
        0.0, "Strength of random small rotations, shears and shifts of the images.", 0.0, 2.0
    )
    encoder_share: float = _option(
        0.0,
        "Share of the epochs, at the end, in which the decoder rests and the encoder goes on with "
        "the augmented images: it then errs less on digits it has not seen.",
        0.0,
        0.9,
    )
    ema_decay: float = _option(
        0.0,
        "Keep a moving average of the weights with this decay, and use it; 0: off.",
        0.0,
        0.9999,
    )
    precision: str = _option(
        "float32",
        "What a step computes in. bfloat16 is quicker where the processor has it (AVX-512 BF16, "
        "AMX) and slower elsewhere; weights, their average and what is served stay float32.",
        choices=("float32", "bfloat16"),
    )
    train_images: int | None = _option(
        None, "Train on at most so many images; empty: all.", 64, 60000
    )
    seed: int = _option(0, "The same seed gives the same run.", 0, 2**31 - 1)

    @property
    def is_autoencoder(self) -> bool:
        """Whether this trains a plain autoencoder: no KL divergence, nothing sampled."""
        return self.kl_weight == 0 and self.latents == "mean"

    @property
    def joint_epochs(self) -> int:
        """Epochs in which both networks learn; the encoder alone has the rest."""
        return self.epochs - int(self.epochs * self.encoder_share)

    def check(self, model: ModelConfig) -> None:
        """Whether a model can be trained so.

        Raises:
            ValueError: it cannot.
        """
        if model.has_places and self.is_autoencoder:
            raise ValueError(
                f"encoder_places is {model.encoder_places}, but an autoencoder has no posterior to "
                "weigh places by; set encoder_places to 0"
            )
        if not model.has_learned_prior:
            return
        if self.latents == "mean":
            raise ValueError(
                "a flow learns from samples of the posterior, but latents is mean; set latents to "
                "sampled or prior to standard"
            )
        if self.free_bits:
            raise ValueError(
                f"free_bits is {self.free_bits:g}, but with a flow the KL divergence has no parts "
                "by dimension; set free_bits to 0 or prior to standard"
            )


def options(config: type) -> dict[str, Option]:
    """The options of a config class by field name, in order."""
    return {f.name: f.metadata["option"] for f in fields(config)}


def _default(config: type, name: str) -> Any:
    return next(f.default for f in fields(config) if f.name == name)


def _check(name: str, value: Any, option: Option, default: Any) -> None:
    if value is None and default is None:
        return
    if option.choices:
        if value not in option.choices:
            raise ValueError(f"{name} is {value!r}; choose one of {', '.join(option.choices)}")
        return
    if isinstance(value, tuple) != isinstance(default, tuple):
        wanted = "a list of numbers" if isinstance(default, tuple) else "one number"
        raise ValueError(f"{name} is {value!r}; give {wanted}")
    values = value if isinstance(value, tuple) else (value,)
    if not values and default:
        raise ValueError(f"{name} is empty; give at least one number")
    if len(values) > MOST_LAYERS:
        raise ValueError(f"{name} has {len(values)} numbers; give at most {MOST_LAYERS}")
    for number in values:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"{name} is {number!r}; give a number")
        if isinstance(option.low, int) and not isinstance(number, int):
            raise ValueError(f"{name} is {number!r}; give a whole number")
        if not (option.low is not None and option.high is not None):
            continue
        if not option.low <= number <= option.high:  # also False for nan
            raise ValueError(f"{name} is {number}; it must be from {option.low} to {option.high}")
