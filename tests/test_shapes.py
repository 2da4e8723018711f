"""Shapes and types of arrays, as docstrings promise them, for one image or latent and for many.

Each contract is the public function once more, with its shapes as types; jaxtyping and beartype
check what goes in and what comes out. A size that has a name is the same throughout a contract.
"""

from collections.abc import Callable

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import Float, Float32, Integer, TypeCheckError, UInt8, jaxtyped

from vae import classes, latents, losses, pictures, preprocess
from vae.evaluation import likelihood
from vae.inference import Model
from vae.latent_map import LatentMap
from vae.latents import Plane

Array = np.ndarray
Images = Float[Array, "n 28 28"]
Latents = Float32[Array, "n d"]
contract = jaxtyped(typechecker=beartype)
SIZES = [(1, 1), (1, 5), (7, 2), (300, 16)]  # images or latents, latent dimensions

each_size = pytest.mark.parametrize(("n", "d"), SIZES)


@contract
def per_pixel(
    images: Float[Array, "*n 28 28"], logits: Float[Array, "*n 28 28"]
) -> Float[Array, "*n 28 28"]:
    return losses.reconstruction_per_pixel(images, logits)


@contract
def reconstruction(
    images: Float[Array, "*n 28 28"], logits: Float[Array, "*n 28 28"]
) -> Float[Array, "*n"]:
    return losses.reconstruction_loss(images, logits)


@contract
def kl_per_dimension(
    mean: Float[Array, "*n d"], log_variance: Float[Array, "*n d"]
) -> Float[Array, "*n d"]:
    return losses.kl_per_dimension(mean, log_variance)


@contract
def kl(mean: Float[Array, "*n d"], log_variance: Float[Array, "*n d"]) -> Float[Array, "*n"]:
    return losses.kl_divergence(mean, log_variance)


@contract
def elbo(images: Images, logits: Images, mean: Latents, log_variance: Latents) -> Float[Array, "n"]:
    return losses.elbo(images, logits, mean, log_variance)


@each_size
def test_losses_give_one_value_an_image_a_pixel_or_a_dimension(n: int, d: int) -> None:
    images, logits = np.full((2, n, 28, 28), 0.5, np.float32)
    mean, log_variance = np.zeros((2, n, d), np.float32)
    per_pixel(images, logits)
    reconstruction(images, logits)
    kl_per_dimension(mean, log_variance)
    kl(mean, log_variance)
    elbo(images, logits, mean, log_variance)


def test_losses_of_a_single_image_are_single_numbers() -> None:
    one = np.full((28, 28), 0.5, np.float32)
    assert np.ndim(losses.reconstruction_loss(one, one)) == 0
    assert np.ndim(losses.kl_divergence(one[0], one[0])) == 0


@contract
def path(ends: Float[Array, "ends d"], steps: int, kind: latents.PathKind) -> Float32[Array, "n d"]:
    return latents.path(ends, steps, kind)


@contract
def interpolate(start: Float[Array, "d"], end: Float[Array, "d"]) -> Float32[Array, "4 d"]:
    return latents.interpolate(start, end, 4)


@contract
def project(plane: Plane, given: Float[Array, "*n d"]) -> Float[Array, "*n 2"]:
    return plane.project(given)


@contract
def lift(plane: Plane, points: Float[Array, "*n 2"]) -> Float32[Array, "*n d"]:
    return plane.lift(points)


@contract
def sample_prior(n: int, d: int) -> Float32[Array, "{n} {d}"]:
    return latents.sample_prior(n, d, seed=0)


@contract
def grid(make: Callable[..., Array], *given: float) -> Float32[Array, "6 6 2"]:
    return make(6, *given)


@contract
def spread(plane: Plane, deviation: Float[Array, "d"]) -> Float[Array, "2 2"]:
    return plane.spread(deviation)


@each_size
def test_latents_keep_their_dimensions(n: int, d: int) -> None:
    drawn = sample_prior(n, d)
    plane = Plane.through(latents.sample_prior(50, d, seed=1))
    lift(plane, project(plane, drawn))
    lift(plane, project(plane, drawn[0]))
    spread(plane, np.ones(d))
    interpolate(drawn[0], drawn[-1])
    ends = latents.sample_prior(3, d, seed=2)
    for kind in latents.PATH_KINDS:
        assert len(path(ends, 5, kind)) == 9


def test_grids_have_a_row_a_column_and_two_coordinates() -> None:
    grid(latents.prior_grid)
    grid(latents.even_grid, 3.0)


@contract
def encode(model: Model, images: Images) -> tuple[Float32[Array, "n d"], Float32[Array, "n d"]]:
    posterior = model.encode(images)
    return posterior.mean, posterior.log_variance


@contract
def decode(model: Model, given: Float[Array, "n d"]) -> Float32[Array, "n 28 28"]:
    return model.decode(given)


@contract
def reconstruct(model: Model, images: Images) -> Float32[Array, "n 28 28"]:
    return model.reconstruct(images)


@contract
def terms(model: Model, images: Images) -> tuple[Float[Array, "n"], Float[Array, "n"]]:
    return model.terms(images, model.encode(images))


@contract
def elbo_terms(model: Model, images: Images) -> tuple[Float[Array, "n"], Float[Array, "n"]]:
    found = likelihood.elbo_terms(model, images, np.random.default_rng(0), draws=1, binarise=True)
    return found.reconstruction_loss, found.kl_divergence


@contract
def by_importance(model: Model, images: Images) -> Float[Array, "n"]:
    return likelihood.nll_by_importance(model, images, np.random.default_rng(0), 2)


@pytest.mark.parametrize("n", [1, 3, 300])
def test_a_served_model_answers_for_as_many_as_it_is_asked(n: int, deep: LatentMap) -> None:
    model, images = deep.model, deep.digits.pixels[:n]
    mean, _ = encode(model, images)
    assert mean.shape == (n, 5)
    decode(model, mean)
    reconstruct(model, images)
    terms(model, images)
    elbo_terms(model, images)
    by_importance(model, images)


@contract
def manifold(latent_map: LatentMap, n: int) -> Float32[Array, "{n*n} 28 28"]:
    return latent_map.manifold(n)


@contract
def nearest(latent_map: LatentMap, latent: Float[Array, "d"], n: int) -> Integer[Array, "{n}"]:
    return latent_map.nearest(latent, n)


@contract
def class_sample(found: classes.Classes, n: int, d: int) -> Float32[Array, "{n} {d}"]:
    return found.sample(3, n, seed=0)


@contract
def moved(found: classes.Classes, latent: Float[Array, "d"]) -> Float32[Array, "tries 10 d"]:
    return found.moved(latent, 3)


def test_a_latent_map_speaks_of_its_digits_its_plane_and_its_classes(
    flat: LatentMap, deep: LatentMap
) -> None:
    for latent_map in (flat, deep):
        d = latent_map.model.latent_dim
        manifold(latent_map, 3)
        nearest(latent_map, np.zeros(d, np.float32), 4)
        class_sample(latent_map.classes, 6, d)
        moved(latent_map.classes, np.zeros(d, np.float32))


@contract
def seen(rgba: UInt8[Array, "height width 4"]) -> Float32[Array, "28 28"] | preprocess.Blank:
    return preprocess.drawing_to_image(rgba)


@contract
def drawn(strokes: list[Float[Array, "_ 2"]]) -> Float32[Array, "28 28"] | preprocess.Blank:
    return preprocess.drawing_to_image(None, strokes)


def test_whatever_is_drawn_becomes_an_image_or_a_blank() -> None:
    picture = np.zeros((60, 90, 4), np.uint8)
    picture[..., 3] = 255
    assert isinstance(seen(picture), preprocess.Blank)
    picture[10:50, 40:46, :3] = 255
    assert isinstance(seen(picture), np.ndarray)
    assert isinstance(drawn([np.array([[80.0, 60], [200, 60], [110, 230]])]), np.ndarray)
    assert isinstance(drawn([]), preprocess.Blank)


@contract
def sheet(images: Images) -> UInt8[Array, "88 88"]:
    return pictures.contact_sheet(images, 3)


def test_a_contact_sheet_has_room_for_its_images_and_the_gaps() -> None:
    sheet(np.zeros((7, 28, 28), np.float32))


def test_a_contract_that_is_broken_is_noticed() -> None:
    with pytest.raises(TypeCheckError):
        kl(np.zeros((3, 2)), np.zeros((3, 4)))

    @contract
    def summed(images: Images) -> Float[Array, "n"]:
        return losses.reconstruction_per_pixel(images, images)

    with pytest.raises(TypeCheckError):
        summed(np.zeros((3, 28, 28)))
