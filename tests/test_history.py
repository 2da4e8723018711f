"""What events tell: how far a training is, and how long it will take."""

from typing import Any

import pytest

from vae.history import collapse, dead_dimensions, is_astray, progress

START = {"event": "start", "epoch": 1, "epochs": 4, "steps_per_epoch": 10, "batch_size": 50}


def stepped(step: int, images_per_second: float = 100.0) -> dict[str, Any]:
    epoch = (step - 1) // START["steps_per_epoch"] + 1
    return {
        "event": "progress",
        "epoch": epoch,
        "step": step,
        "images_per_second": images_per_second,
    }


@pytest.mark.parametrize("events", [[], [START], [stepped(3)]])
def test_before_the_first_step_there_is_no_progress_to_tell(events: list[dict]) -> None:
    assert progress(events) is None


def test_the_last_step_tells_how_far_a_training_is() -> None:
    found = progress([START, stepped(5), stepped(10), {"event": "epoch"}, stepped(15, 80.0)])
    assert found is not None
    assert (found.step, found.steps, found.epoch, found.epochs) == (15, 40, 2, 4)
    assert found.images_per_second == 80.0
    assert found.share == 15 / 40


def test_the_time_left_is_the_images_left_at_the_speed_of_the_last_stretches() -> None:
    found = progress([START, stepped(10, 1.0), stepped(30, 200.0)])
    assert found is not None
    assert found.seconds_left == pytest.approx(10 * 50 / 200.0)
    # 10 steps at 100 and 10 at 50 images a second take as long as 20 at 66.7
    found = progress([START, stepped(10), stepped(20, 100.0), stepped(30, 50.0)])
    assert found is not None
    assert found.seconds_left == pytest.approx(10 * 50 / (200 / 3))


def test_the_first_steps_which_take_longest_tell_no_speed() -> None:
    first, second = progress([START, stepped(10, 1.0)]), progress([START, stepped(10), stepped(20)])
    assert first is not None
    assert second is not None
    assert not first.is_measured
    assert second.is_measured


def test_a_speed_from_before_a_training_was_resumed_does_not_count() -> None:
    again = START | {"epoch": 2}
    found = progress([START, stepped(10, 9.0), stepped(20, 9.0), again, stepped(11), stepped(20)])
    assert found is not None
    assert found.seconds_left == pytest.approx(20 * 50 / 100.0)


def test_a_training_that_has_just_been_resumed_has_the_time_left_of_before() -> None:
    for again in (START, START | {"epoch": 2}):  # killed in its first epoch, and later
        found = progress([START, stepped(10, 9.0), stepped(20, 50.0), again])
        assert found is not None
        assert found.seconds_left == pytest.approx(20 * 50 / 50.0)
        found = progress([START, stepped(10, 9.0), stepped(20, 9.0), again, stepped(2), stepped(4)])
        assert found is not None
        assert found.seconds_left == pytest.approx(36 * 50 / 100.0)


def test_a_model_that_rebuilds_no_better_than_the_mean_image_is_astray() -> None:
    def epoch(loss: float) -> dict[str, Any]:
        return {"validation": {"reconstruction_loss": loss}}

    assert not is_astray([])
    assert not is_astray([epoch(207.0)] * 4)
    assert is_astray([epoch(90_000.0)] * 4 + [epoch(207.0)])
    assert not is_astray([epoch(207.0)] * 4 + [epoch(150.0)])


def test_at_its_end_a_training_is_whole_and_has_no_time_left() -> None:
    found = progress([START, stepped(40), {"event": "end", "state": "finished"}])
    assert found is not None
    assert found.share == 1.0
    assert found.seconds_left == 0.0


def test_a_standstill_gives_a_long_time_and_no_error() -> None:
    found = progress([START, stepped(20, 0.0)])
    assert found is not None
    assert found.seconds_left > 1e9


def test_a_resumed_training_counts_to_the_end_that_it_has_now() -> None:
    found = progress([START, stepped(40), START | {"epoch": 5, "epochs": 8}, stepped(60)])
    assert found is not None
    assert (found.share, found.epoch, found.epochs) == (60 / 80, 6, 8)


def test_a_dimension_is_dead_if_it_tells_less_than_a_hundredth_of_a_nat() -> None:
    assert dead_dimensions([0.5, 0.0, 0.01, 0.0099]) == (1, 3)


@pytest.mark.parametrize(
    "kl",
    [[3.0, 2.5], [0.5], [1.0] * 23 + [0.0] * 9, [0.4, 0.3, 0.0, 0.0], [1.0] * 9 + [0.0] * 23],
    ids=["map", "one", "best", "half", "wasteful"],
)
def test_a_latent_space_that_is_used_is_not_collapsed(kl: list[float]) -> None:
    assert collapse(kl, kl_weight=1.0) is None


@pytest.mark.parametrize(
    ("kl", "dead", "text"),
    [
        ([0.0, 0.001], (0, 1), "no dimension tells anything"),
        ([2.0, 0.0], (1,), "only 1 of 2 dimensions tell anything"),
        ([2.0] * 8 + [0.0] * 24, tuple(range(8, 32)), "only 8 of 32 dimensions tell anything"),
    ],
    ids=["all", "half", "most"],
)
def test_a_latent_space_that_is_hardly_used_is_collapsed_and_its_dead_dimensions_are_named(
    kl: list[float], dead: tuple[int, ...], text: str
) -> None:
    found = collapse(kl, kl_weight=1.0)
    assert found is not None
    assert (found.dead, found.latent_dim) == (dead, len(kl))
    assert text in found.advice


@pytest.mark.parametrize(
    ("kl_weight", "warmup", "change"),
    [
        (50.0, 0, "lower the KL weight from 50 to 1."),
        (1.0, 0, "with a KL warm-up of a few epochs."),
        (1.0, 3, "with free bits of 0.1."),
    ],
    ids=["weight", "warm-up", "free-bits"],
)
def test_a_collapse_is_told_with_what_to_change(kl_weight: float, warmup: int, change: str) -> None:
    found = collapse([0.0, 0.0], kl_weight, warmup)
    assert found is not None
    assert found.advice.endswith(change)
