"""The same networks in PyTorch on the processor; PyTorch comes with benchmarks/requirements.txt."""

import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vae.config import ModelConfig
from vae.presets import Preset

ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU}


class _Dense(nn.Module):
    """Dense layers; where two widths are equal, the layer adds to its input."""

    def __init__(self, inputs: int, units: tuple[int, ...], activation: type[nn.Module]) -> None:
        super().__init__()
        widths = [inputs, *units]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, units, strict=False))
        self.activation = activation()
        self.outputs = widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Of (n, inputs): (n, outputs)."""
        for layer in self.layers:
            y = self.activation(layer(x))
            x = x + y if x.shape == y.shape else y
        return x


class Encoder(nn.Module):
    """Images (n, 28, 28) -> posterior mean and log variance (n, latent_dim)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        activation = ACTIVATIONS[config.activation]
        convolutions: list[nn.Module] = []
        channels, side = 1, 28
        for n in config.encoder_channels:
            convolutions += [nn.Conv2d(channels, n, 4, stride=2, padding=1), activation()]
            channels, side = n, (side + 1) // 2
        self.convolutions = nn.Sequential(*convolutions)
        self.dense = _Dense(channels * side * side, config.encoder_units, activation)
        self.mean = nn.Linear(self.dense.outputs, config.latent_dim)
        self.log_variance = nn.Linear(self.dense.outputs, config.latent_dim)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Encode images."""
        x = self.dense(self.convolutions(images[:, None]).flatten(1))
        return self.mean(x), 10 * torch.tanh(self.log_variance(x) / 10)


class Decoder(nn.Module):
    """Latents (n, latent_dim) -> logits (n, 28, 28)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        activation = ACTIVATIONS[config.activation]
        small, large = config.decoder_channels
        self.dense = _Dense(config.latent_dim, config.decoder_units, activation)
        self.first = nn.Linear(self.dense.outputs, 49 * small)
        self.at_7 = _refinements(config, small)
        self.up = nn.ConvTranspose2d(small, large, 4, stride=2, padding=1)
        self.at_14 = _refinements(config, large)
        self.last = nn.ConvTranspose2d(large, 1, 4, stride=2, padding=1)
        self.bias = nn.Parameter(torch.zeros(28, 28))
        self.activation = activation()

    def forward(self, latents: Tensor) -> Tensor:
        """Decode latents."""
        x = self.activation(self.first(self.dense(latents)))
        x = x.view(len(x), -1, 7, 7)
        for layer in self.at_7:
            x = x + self.activation(layer(x))
        x = self.activation(self.up(x))
        for layer in self.at_14:
            x = x + self.activation(layer(x))
        return self.last(x)[:, 0] + self.bias


def _refinements(config: ModelConfig, channels: int) -> nn.ModuleList:
    return nn.ModuleList(
        nn.ConvTranspose2d(channels, channels, 3, padding=1) for _ in range(config.refinements)
    )


def parameters(config: ModelConfig) -> int:
    """Weights of both networks."""
    return sum(p.numel() for net in (Encoder(config), Decoder(config)) for p in net.parameters())


def images_per_second(preset: Preset, images: np.ndarray, seconds: float) -> float:
    """Images a second of a plain training loop with the preset's networks; as in ours.py."""
    torch.manual_seed(0)
    encoder, decoder = Encoder(preset.model), Decoder(preset.model)
    both = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(both, lr=preset.training.learning_rate)
    pixels = torch.from_numpy(images.astype(np.float32) / 255)
    size = min(preset.training.batch_size, len(images))

    def step() -> None:
        x = pixels[torch.randint(len(pixels), (size,))]
        mean, log_variance = encoder(x)
        latents = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        lost = functional.binary_cross_entropy_with_logits(decoder(latents), x, reduction="sum")
        kl = 0.5 * torch.sum(mean**2 + log_variance.exp() - 1 - log_variance)
        optimizer.zero_grad()
        ((lost + kl) / size).backward()
        optimizer.step()

    for _ in range(20):
        step()
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        step()
        steps += 1
    return steps * size / (time.monotonic() - began)
