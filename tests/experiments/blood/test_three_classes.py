"""The experiment on blood cells: its recipes, its folds, its differences; on drawn stand-ins."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from rich.progress import Progress
from scipy.stats import entropy
from torch import nn

from pdl.experiments import torch_trial
from pdl.experiments.blood import three_classes as bloodcells_3class
from pdl.experiments.blood.crops import CellCrops
from pdl.experiments.blood.report import COMPARED
from pdl.experiments.blood.three_classes import FEW, KEPT, RARE, RECIPES, run
from pdl.experiments.blood.training import (
    CropRecipe,
    Standardise,
    augmented,
    class_weights,
    log_probabilities,
    predict_wrong_layouts,
    prior_log_probabilities,
    to_blanks,
    train_on_crops,
)
from pdl.experiments.registry import find_experiment
from pdl.metrics import log_loss, wilson_interval
from pdl.models import three_block_cnn
from pdl.results import recorded_result
from pdl.training import loop


def drawn_cells(counts, seed=0, an_image=5):
    """Discs in noise, of a colour for each class; ``an_image`` crops come from one smear."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(3), counts))
    images = rng.integers(100, 130, (len(labels), 64, 64, 3))
    rows, columns = np.mgrid[:64, :64]
    disc = (rows - 32) ** 2 + (columns - 32) ** 2 < 400
    for image, label in zip(images, labels, strict=True):
        image[disc, label] += 100
    smears = np.arange(len(labels)) // an_image
    return CellCrops(images.astype(np.uint8), labels.astype(np.int64), smears)


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    """On the CPU, and a home of its own for what is unfinished."""
    monkeypatch.setenv("PDL_DEVICE", "cpu")
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))


def small_network():
    return three_block_cnn((6, 6, 6), (16,), 0.1)


def training(recipe, crops, seed, **options):
    """What the recipe makes of the crops, by a small network."""
    recipe = replace(recipe, build=small_network)
    drawn = recipe.draw(crops, seed)
    prepare = recipe.preparation(drawn)
    return train_on_crops(recipe, drawn, prepare, seed, **options), drawn, prepare


# inputs


def test_standardised_inputs():
    images = drawn_cells((4, 3, 3)).images
    inputs = Standardise.of(images)(images)
    assert inputs.shape == (10, 3, 64, 64) and inputs.dtype == np.float32
    np.testing.assert_allclose(inputs.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(inputs.std(axis=(0, 2, 3)), 1, atol=1e-5)
    # Channels come to the front and each keeps its own rows and columns.
    lifted = np.zeros((1, 64, 64, 3), np.uint8)
    lifted[0, 5, 9, 2] = 255
    found = Standardise(np.zeros(3, np.float32), np.ones(3, np.float32))(lifted)
    assert np.argwhere(found).tolist() == [[0, 2, 5, 9]] and found.max() == 1


def test_the_cast_leaves_nothing_but_saturated_pixels():
    images = drawn_cells((2, 2, 2)).images
    assert images.max() < 255
    assert not to_blanks(images).any()
    images[3, 10, 20, 1] = 255
    assert np.argwhere(to_blanks(images)).tolist() == [[3, 1, 10, 20]]


def test_class_weights_let_each_class_count_the_same():
    labels = np.repeat([0, 1, 2], RARE)
    weights = class_weights(labels)
    np.testing.assert_allclose(weights * RARE, sum(RARE) / 3, rtol=1e-6)
    assert (weights[labels]).mean() == pytest.approx(1)


def test_augmented_batches_keep_shape_labels_and_the_seed():
    cells = drawn_cells((6, 5, 5))
    images = torch.from_numpy(Standardise.of(cells.images)(cells.images))
    labels = torch.from_numpy(cells.labels)
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        moved, same = augmented(images, labels)
        assert same is labels
        assert moved.shape == images.shape and moved.dtype == images.dtype
        found.append(moved)
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])
    assert not torch.equal(found[0], images)
    # The disc is in the middle and round: its colour and its place survive every turn.
    assert torch.equal(found[0][:, :, 28:36, 28:36].mean((2, 3)).argmax(1), labels)
    difference = (found[0].mean((2, 3)) - images.mean((2, 3))).abs().max()
    assert difference < 0.35


# training


def test_it_learns_and_a_seed_is_a_seed():
    train, test = drawn_cells((30, 15, 15)), drawn_cells((20, 10, 10), seed=1)
    done = []
    recipe = CropRecipe(epochs=4, batch_size=10, learning_rate=5e-3)
    first, drawn, prepare = training(recipe, train, seed=3, report=done.append)
    assert not first.model.training
    assert np.bincount(drawn.labels).tolist() == [30, 15, 15]
    assert len(first.losses) == 24 and first.losses[-1] < 0.5 * first.losses[0]
    assert done == pytest.approx(np.arange(1, 25) / 24)
    logs = log_probabilities(first.model, prepare(test.images))
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1)
    assert (logs.argmax(axis=1) == test.labels).mean() > 0.9
    again, other = (training(recipe, train, seed)[0] for seed in (3, 4))
    np.testing.assert_array_equal(logs, log_probabilities(again.model, prepare(test.images)))
    assert again.losses == first.losses != other.losses


@pytest.fixture
def caught(monkeypatch):
    """What `fit` was asked to do; nothing is trained."""
    calls = []

    class Done:
        interrupted = False
        epochs = ({"train_loss": 1.0},)

    def fit(model, data, **options):
        state = [each.clone() for each in model.state_dict().values()]
        calls.append({"data": data, "state": state, **options})
        return Done()

    monkeypatch.setattr(torch_trial, "fit", fit)
    return calls


def test_few_images_are_the_same_with_and_without_augmentation(caught):
    cells = drawn_cells((60, 30, 30))
    for name in ("few", "few_augmented"):
        _, drawn, _ = training(replace(RECIPES[name], epochs=1), cells, seed=2)
        assert np.bincount(drawn.labels).tolist() == list(FEW) == [20, 20, 20]
    plain, moved = caught
    assert torch.equal(plain["data"].images, moved["data"].images)
    assert torch.equal(plain["data"].targets, moved["data"].targets)
    assert all(map(torch.equal, plain["state"], moved["state"]))
    assert plain["augment"] is None and moved["augment"] is augmented
    training(RECIPES["few"], cells, seed=3)
    assert not torch.equal(plain["data"].images, caught[2]["data"].images)
    assert not all(map(torch.equal, plain["state"], caught[2]["state"]))


def test_the_older_recipe_is_the_older_recipe(caught):
    training(RECIPES["older_recipe"], drawn_cells((4, 4, 4)), seed=0)
    optimizer = caught[0]["optimizer"]
    assert isinstance(optimizer, torch.optim.Adam)
    assert optimizer.param_groups[0]["lr"] == 0.01
    assert caught[0]["batch_size"] == 128
    assert caught[0]["schedule"] is None
    others = {recipe.learning_rate for name, recipe in RECIPES.items() if name != "older_recipe"}
    assert others == {0.001}


def test_the_weighted_loss_is_pytorchs_with_our_weights(caught):
    cells = drawn_cells((12, 3, 6))
    logits, labels = torch.randn(9, 3), torch.arange(9) % 3
    for weighted in (False, True):
        training(CropRecipe(epochs=1, weighted=weighted), cells, seed=0)
    plain, weighted = (call["loss"](logits, labels) for call in caught)
    assert torch.equal(plain, nn.functional.cross_entropy(logits, labels))
    expected = nn.CrossEntropyLoss(torch.tensor([21 / 36, 21 / 9, 21 / 18]))(logits, labels)
    torch.testing.assert_close(weighted, expected)


def test_blank_images_teach_the_prior_and_no_more():
    cells = drawn_cells((60, 25, 15))
    recipe = CropRecipe(epochs=15, batch_size=50, learning_rate=1e-2, blank=True)
    trained, _, prepare = training(recipe, cells, seed=0)
    logs = log_probabilities(trained.model, prepare(cells.images))
    np.testing.assert_allclose(logs, np.broadcast_to(logs[0], logs.shape), atol=1e-6)
    prior = entropy([60, 25, 15])
    assert prior <= log_loss(logs, cells.labels) < prior + 0.02
    np.testing.assert_allclose(
        log_loss(prior_log_probabilities([60, 25, 15], 100), cells.labels), prior, rtol=1e-9
    )


def test_wrong_layouts():
    cells = drawn_cells((3, 3, 3))
    asked = []

    class Noted(nn.Module):
        def forward(self, images):
            asked.append(images.numpy())
            return images.mean((2, 3))

    prepare = Standardise.of(cells.images)
    found = predict_wrong_layouts(Noted(), prepare(cells.images))
    assert list(found) == ["swapped_axes", "reshaped"]
    swapped, mixed = asked
    np.testing.assert_array_equal(swapped[2, 1, 5, 9], prepare(cells.images)[2, 1, 9, 5])
    # The first row of "red" holds red, green, blue, red, … of the first pixels.
    np.testing.assert_array_equal(mixed[4, 0, 0, :3], prepare(cells.images)[4, :, 0, 0])
    assert mixed.shape == swapped.shape == (9, 3, 64, 64)


# the whole experiment


SMALL = {
    name: replace(
        recipe,
        build=small_network,
        epochs=1,
        batch_size=16,
        counts=None if recipe.counts is None else (9, 4, 4),
    )
    for name, recipe in RECIPES.items()
}


@pytest.fixture
def cells(monkeypatch):
    found = drawn_cells((60, 30, 30))
    monkeypatch.setattr(bloodcells_3class, "load_cell_crops", lambda: (found, 2))
    return found


def small_run(folds):
    progress = Progress(disable=True)
    outcome = run(7, progress, recipes=SMALL, folds=folds, kept=(40, 30, 30))
    assert progress.finished
    return outcome


def test_the_whole_experiment_in_small(cells):
    outcome = small_run(folds=3)
    metrics, intervals, details = outcome.metrics, outcome.intervals, outcome.details
    json.dumps([metrics, intervals, outcome.data, details], allow_nan=False)
    assert details["counts"] == {
        "boxes": [60, 30, 30],
        "kept": [40, 30, 30],
        "without_area": 2,
    }
    folds = details["seeds"]
    assert [fold["seed"] for fold in folds] == [7, 8, 9]
    # Every crop is tested once, and no image is on both sides of a fold.
    assert np.sum([fold["test_crops"] for fold in folds], axis=0).tolist() == [40, 30, 30]
    for fold in folds:
        assert fold["train_images"] + fold["test_images"] == outcome.data["sizes"]["images"]
        assert np.add(fold["train_crops"], fold["test_crops"]).tolist() == [40, 30, 30]
        assert np.sum(fold["all"]["confusion"], axis=1).tolist() == fold["test_crops"]
        assert fold["all"]["train_counts"] == fold["train_crops"]
        assert fold["few"]["train_counts"] == [9, 4, 4]

    values = [fold["all"]["log_loss"] for fold in folds]
    assert metrics["all_log_loss"] == pytest.approx(np.mean(values), abs=1e-5)
    low, high = intervals["all_log_loss"]
    assert low <= metrics["all_log_loss"] <= high
    for fold in folds:
        shares = np.array(fold["train_crops"]) / sum(fold["train_crops"])
        expected = -np.dot(fold["test_crops"], np.log(shares)) / sum(fold["test_crops"])
        assert fold["prior"]["log_loss"] == pytest.approx(expected, abs=1e-5)
        expected = fold["test_crops"][0] / sum(fold["test_crops"])
        assert fold["prior"]["accuracy"] == pytest.approx(expected, abs=1e-5)

    for (first, second), measures in COMPARED.items():
        for measure in measures:
            pairs = [fold[first][measure] - fold[second][measure] for fold in folds]
            key = f"{first}_minus_{second}_{measure}"
            assert metrics[key] == pytest.approx(np.mean(pairs), abs=2e-6)
            assert intervals[key][0] <= metrics[key] <= intervals[key][1]
    counts = np.array(details["confusion"]["counts"]["all"])
    assert (
        metrics["all_right"] == np.trace(counts) and metrics["all_answers"] == counts.sum() == 100
    )
    expected = wilson_interval(int(np.trace(counts)), 100)
    assert intervals["all_pooled_accuracy"] == pytest.approx(expected[1:], abs=1e-6)
    expected = math.comb(metrics["all_right"], 32) / math.comb(100, 32)
    assert metrics["share_of_32_all_right"] == pytest.approx(expected)
    assert "share_of_256_all_right" not in metrics
    assert intervals["right_32_of_32"] == pytest.approx([0.892821, 1])
    assert metrics["blank_crops_share"] == 1
    assert metrics["reported_prior_log_loss"] == pytest.approx(entropy([252, 780, 449]), abs=1e-6)


def test_a_run_that_was_stopped_goes_on_where_it_was(cells, monkeypatch, tmp_path):
    trained = []

    def noted(recipe, crops, prepare, seed, *rest):
        trained.append(seed)
        return train_on_crops(recipe, crops, prepare, seed, *rest)

    def stopped(*given):
        if len(trained) == 10:
            raise KeyboardInterrupt
        return noted(*given)

    monkeypatch.setattr(bloodcells_3class, "train_on_crops", stopped)
    with pytest.raises(KeyboardInterrupt):
        small_run(folds=2)
    monkeypatch.setattr(bloodcells_3class, "train_on_crops", noted)
    outcome = small_run(folds=2)
    assert trained == [7] * 8 + [8] * 8
    trained.clear()
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "another home"))
    anew = small_run(folds=2)
    assert len(trained) == 16
    assert anew.metrics == outcome.metrics


def test_ctrl_c_in_a_training_ends_the_experiment(monkeypatch):
    class Asked:
        asked = True

        def __enter__(self):
            return self

        def __exit__(self, *found):
            return None

    monkeypatch.setattr(loop, "stop_between_steps", Asked)
    with pytest.raises(KeyboardInterrupt):
        training(CropRecipe(epochs=2), drawn_cells((4, 4, 4)), seed=0)


def test_the_recipes_are_recorded_as_they_are():
    recorded = recorded_result("bloodcells-3class")["settings"]["recipes"]
    found = {name: recipe.settings() for name, recipe in RECIPES.items()}
    assert json.loads(json.dumps(found)) == recorded


def test_a_training_that_diverges_is_no_result(caught, monkeypatch):
    def diverges(*arguments, **options):
        raise FloatingPointError("the loss is nan")

    monkeypatch.setattr(torch_trial, "fit", diverges)
    with pytest.raises(FloatingPointError, match="lower learning rate"):
        training(CropRecipe(epochs=1), drawn_cells((4, 4, 4)), seed=0)


def test_the_recipes_and_the_registry():
    assert find_experiment("bloodcells-3class").threads == 2
    assert bloodcells_3class.FOLDS >= 5
    for recipe in RECIPES.values():
        # Four fifths of the images hold so many crops in any deal.
        counts = np.array(recipe.counts or (0, 0, 0))
        assert (counts <= 0.75 * np.array(KEPT)).all()
    # The pairs differ in one thing each.
    for first, second, change in (
        ("all", "all_augmented", {"augment": augmented}),
        ("few", "few_augmented", {"augment": augmented}),
        ("rare", "rare_weighted", {"weighted": True}),
    ):
        assert replace(RECIPES[first], **change) == RECIPES[second]
    shares = np.array(RARE) / sum(RARE)
    np.testing.assert_allclose(shares, np.array([4153, 372, 361]) / 4886, atol=0.002)
