"""The experiments on MNIST, tried on a few bars: what they count, and that they go on."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from rich.progress import Progress
from torch import nn

from pdl.data.store.mnist import LabelledImages
from pdl.experiments import torch_trial
from pdl.experiments.digits import cnn as mnist_cnn
from pdl.experiments.digits import cnn_slides as mnist_cnn_slides
from pdl.experiments.digits import fast as mnist_fast
from pdl.experiments.digits import mlp as mnist_mlp
from pdl.experiments.digits import settings as mnist_settings
from pdl.experiments.digits.ensemble import add_ensemble
from pdl.experiments.digits.training import Scores, Sets, as_dataset, train_and_test
from pdl.experiments.digits.varied_cnn import FIRST_WEIGHTS, network
from pdl.experiments.torch_trial import Recipe, train
from pdl.experiments.trial import Trained
from pdl.models import mlp, slides_cnn, small_cnn
from pdl.results import recorded_result


def bars(count, seed):
    """Ten kinds of "digits": a bar at one of ten heights, in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype(np.uint8)
    images = rng.integers(60, size=(count, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4 : 2 * label + 6, 6:22] = 250
    return images, labels


@pytest.fixture
def sets(monkeypatch, tmp_path):
    """A few images instead of MNIST, and a folder of one's own for what is unfinished."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    monkeypatch.setenv("PDL_DEVICE", "cpu")
    few = Sets(as_dataset(*bars(300, 0)), as_dataset(*bars(300, 1)))
    for module in (mnist_mlp, mnist_cnn, mnist_cnn_slides, mnist_fast):
        monkeypatch.setattr(module, "load_sets", lambda: few)
    return few


SHORT = Recipe(mlp, learning_rate=1e-3, batch_size=50, epochs=2)


def training(recipe, sets, seed, **options):
    """What was trained, and the logits of the test images."""
    kept = {}
    found = train_and_test(
        None,
        recipe=recipe,
        load=lambda: sets,
        seed=seed,
        keep=lambda trained, logits: kept.update(trained=trained, logits=logits) or {},
        **options,
    )
    return found | kept


def test_a_seed_is_a_seed_and_the_part_done_is_told(sets):
    told = []
    one = training(SHORT, sets, seed=3, report=told.append)
    assert np.array_equal(one["logits"], training(SHORT, sets, seed=3)["logits"])
    assert not np.array_equal(one["logits"], training(SHORT, sets, seed=4)["logits"])
    assert told == pytest.approx(np.arange(1, 13) / 12)
    assert one["answers"] == one["logits"].argmax(axis=1).tolist()
    rows = [row["train_loss"] for row in one["history"]]
    assert np.reshape(one["trained"].losses, (2, 6)).mean(axis=1) == pytest.approx(rows)


def test_the_schedule_is_heeded(sets):
    held = training(Recipe(mlp, 1e-3, 50, 2, schedule=lambda done: 0.0), sets, seed=0)
    free = training(SHORT, sets, seed=0)
    assert held["history"][0]["train_loss"] == pytest.approx(held["first_loss"], abs=0.1)
    assert free["history"][1]["train_loss"] < 0.5 * held["history"][1]["train_loss"]


def test_an_interrupted_training_is_no_result(sets, monkeypatch):
    class Stopped:
        interrupted = True

    monkeypatch.setattr(torch_trial, "fit", lambda *a, **k: Stopped())
    with pytest.raises(KeyboardInterrupt):
        train(SHORT, mlp(), sets.train, 0)


def test_the_first_loss_is_before_the_first_step(sets):
    torch.manual_seed(0)
    model = mlp()
    with torch.no_grad():
        loss = nn.functional.cross_entropy(model(sets.train.images), sets.train.targets)
    assert training(SHORT, sets, seed=0)["first_loss"] == pytest.approx(float(loss), rel=1e-5)


def test_gains_are_paired():
    scores = Scores()
    worse = np.random.default_rng(0).random((5, 400)) < 0.5
    better = worse.copy()
    better[:, :40] = True
    scores.gain("gain", better, worse)
    assert scores.metrics["gain"] == pytest.approx((better.sum() - worse.sum()) / 2000)
    low, high = scores.intervals["gain"]
    assert 0 < low < scores.metrics["gain"] < high < 0.1


def quick(monkeypatch, module, **recipes):
    for name, recipe in recipes.items():
        monkeypatch.setattr(module, name, recipe)


def test_the_perceptron_beats_what_has_no_hidden_layer_in_the_record_only_by_pairs(sets):
    with Progress(disable=True) as progress:
        found = mnist_mlp.run(0, progress, seeds=2)
    assert found.metrics["parameters"] == 203_530
    assert found.metrics["softmax_parameters"] == 7_850
    gain = found.metrics["test_accuracy"] - found.metrics["softmax_test_accuracy"]
    assert found.metrics["minus_softmax_test_accuracy"] == pytest.approx(gain, abs=2e-6)
    assert [row["seed"] for row in found.details["seeds"]] == [0, 1]
    json.dumps(found.details)


def test_what_was_trained_before_a_kill_is_not_trained_again(sets, monkeypatch):
    fit, calls = torch_trial.fit, []

    def dies_at_the_third(*arguments, **options):
        calls.append(options["seed"])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fit(*arguments, **options)

    monkeypatch.setattr(torch_trial, "fit", dies_at_the_third)
    with Progress(disable=True) as progress:
        with pytest.raises(KeyboardInterrupt):
            mnist_mlp.run(0, progress, seeds=2)
        resumed = mnist_mlp.run(0, progress, seeds=2)
        assert calls == [0, 0, 1, 1, 1]  # by both recipes with each seed
    assert resumed.metrics["test_accuracy"] > 0.1


def test_a_damaged_checkpoint_is_named_and_its_part_trained_anew(sets, monkeypatch, tmp_path):
    def dies_late(*arguments, **options):
        history = fit(*arguments, **options)
        checkpoint = options["checkpoint"]
        content = bytearray(checkpoint.read_bytes())
        content[-100] ^= 1
        checkpoint.write_bytes(content)
        raise KeyboardInterrupt(history)

    fit = torch_trial.fit
    with Progress(disable=True) as progress:
        expected = mnist_mlp.run(0, progress, seeds=1)
        monkeypatch.setenv("PDL_HOME", str(tmp_path / "elsewhere"))
        monkeypatch.setattr(torch_trial, "fit", dies_late)
        with pytest.raises(KeyboardInterrupt):
            mnist_mlp.run(0, progress, seeds=1)
        monkeypatch.setattr(torch_trial, "fit", fit)
        with pytest.warns(UserWarning, match=r"n 0\.safetensors is damaged.*computed anew"):
            found = mnist_mlp.run(0, progress, seeds=1)
    assert found.metrics["test_accuracy"] == expected.metrics["test_accuracy"]


def small(**changes):
    return Recipe(lambda: small_cnn((2, 4), 8), 1e-3, 100, 1, **changes)


def test_the_spoiled_networks_are_spoiled_as_they_say():
    torch.manual_seed(0)
    weights = torch.cat(
        [each.detach().flatten() for each in mnist_cnn.normal_weights().parameters()]
    )
    assert abs(float(weights.std()) - 1) < 0.01
    assert abs(float(weights.mean())) < 0.01
    assert mnist_cnn.SPOILED["high_rate"].learning_rate == 10 * mnist_cnn.RECIPE.learning_rate


def test_the_two_linear_layers_are_one_map_and_a_relu_makes_them_two():
    found = mnist_cnn_slides.largest_difference(slides_cnn())
    assert found["two_linear_parameters"] == 3_147_010
    assert found["merged_parameters"] == 31_370
    assert 0 < found["merged_largest_difference"] < 1e-13

    *_, first, second = slides_cnn((2, 3), 20)
    one = mnist_cnn_slides.merged(first, second).float()
    x = torch.randn(10, 147)
    assert torch.allclose(second(first(x)), one(x), atol=1e-5)
    assert not torch.allclose(second(first(x).relu()), one(x), atol=1e-2)


def test_the_two_records_differ_in_the_network_alone():
    printed, other = mnist_cnn_slides.RECIPE.settings(), mnist_cnn.RECIPE.settings()
    assert printed.pop("model") == str(slides_cnn())
    assert other.pop("model") == str(small_cnn())
    assert printed == other


def test_the_race_is_run_against_the_network_with_the_relu():
    older = mnist_fast.OLDER.settings()
    assert older["model"] == str(small_cnn())
    recorded = recorded_result("mnist-fast")["settings"]["older"]
    assert older == recorded


def test_blocks_that_are_all_right():
    right = np.ones((2, 520), dtype=bool)
    right[0, 300] = right[1, 515] = False
    found = mnist_cnn.blocks_all_right(right)
    assert found["blocks_of_256"] == 2
    assert found["blocks_of_256_all_right"] == 1.5
    assert found["share_of_256_all_right"] == 0.75
    assert found["blocks_of_32"] == 16
    assert found["share_of_32_all_right"] == round(31 / 32, 4)


def test_the_confusion_and_the_worst_mistakes():
    truth = np.array([3, 3, 5, 7])
    answers, confidence = [3, 5, 5, 1], [0.9, 0.6, 1.0, 0.8]
    counts = np.array(mnist_cnn.confusion(truth, np.array(answers)))
    assert counts[3, 3] == counts[3, 5] == counts[5, 5] == counts[7, 1] == 1
    assert counts.sum() == 4
    found = mnist_cnn.worst(truth, {"answers": answers, "confidence": confidence})
    assert [(row["index"], row["truth"], row["answer"]) for row in found] == [(3, 7, 1), (1, 3, 5)]
    assert found[0]["probability"] == 0.8


def test_the_record_of_the_two_convolutions(sets, monkeypatch):
    quick(monkeypatch, mnist_cnn, RECIPE=small(watch=True))
    spoiled = {name: small() for name in ("normal_weights", "high_rate")}
    quick(monkeypatch, mnist_cnn, SPOILED=spoiled)
    with Progress(disable=True) as progress:
        found = mnist_cnn.run(0, progress, seeds=2)
    assert set(found.intervals) <= set(found.metrics)
    assert found.metrics["know_nothing_loss"] == 2.3026
    # The same recipe under two names: the pairs are the same networks.
    assert found.metrics["high_rate_minus_normal_weights"] == 0
    assert np.sum(found.details["confusion"]["counts"]) == 300
    json.dumps([found.metrics, found.intervals, found.details])


def test_the_record_of_the_slides(sets, monkeypatch):
    recipe = Recipe(lambda: slides_cnn((2, 4), 8), 1e-3, 100, 2, watch=True)
    quick(monkeypatch, mnist_cnn_slides, RECIPE=recipe)
    with Progress(disable=True) as progress:
        found = mnist_cnn_slides.run(0, progress, seeds=2)
    assert [len(row["history"]) for row in found.details["seeds"]] == [2, 2]
    assert found.metrics["merged_largest_difference"] < 1e-13
    accuracies = [row["test_accuracy"] for row in found.details["seeds"]]
    assert found.metrics["test_accuracy"] == pytest.approx(np.mean(accuracies), abs=1e-6)
    json.dumps([found.metrics, found.intervals, found.details])


def test_the_clock_of_the_race():
    rows = [{"seconds": 2.0, "validation_accuracy": each} for each in (0.98, 0.991, 0.98)]
    assert mnist_fast.seconds_to(0.99, {"history": rows}) == (4.0, True)
    assert mnist_fast.seconds_to(0.995, {"history": rows}) == (6.0, False)


def test_the_record_of_the_fast_network_and_its_weights(sets, monkeypatch):
    short = Recipe(lambda: mnist_fast.fast_cnn((2, 2, 2, 2)), 1e-2, 100, 1, watch=True)
    quick(monkeypatch, mnist_fast, RECIPE=short, RACE=short, OLDER=short)
    with Progress(disable=True) as progress:
        found = mnist_fast.run(0, progress, seeds=2)
    assert found.metrics["older_over_fast"] > 0
    assert found.metrics["seconds_to_99_reached"] == 0
    assert found.weights[8:].startswith(b"{")
    json.dumps([found.metrics, found.intervals, found.details])


def test_a_training_that_diverges_is_one_result(sets):
    found = training(Recipe(mnist_cnn.normal_weights, 1e30, 50, 2), sets, seed=0)
    assert found["history"] == []
    losses = found["trained"].losses
    assert len(losses) == 12 and np.isfinite(losses[0]) and not np.isfinite(losses[-1])
    curve = mnist_settings.curve_and_logits(found["trained"], found["logits"])["curve"]
    assert curve[0] is not None and curve[-1] is None


def test_the_curve_of_a_training_that_ended():
    logits = np.zeros((2, 10), np.float32)
    losses = [float(each) for each in range(2 * mnist_settings.CURVE_POINTS)]
    trained = Trained(nn.Identity(), losses, [{"epoch": 1}])
    curve = mnist_settings.curve_and_logits(trained, logits)["curve"]
    assert curve[:2] == [0.5, 2.5]
    assert mnist_settings.mean_curve([{"curve": [1.0, 2.0]}, {"curve": [3.0, None]}]) == [2.0, None]


@pytest.mark.parametrize("kind", FIRST_WEIGHTS)
def test_the_first_weights_are_as_named(kind):
    torch.manual_seed(0)
    linear = network(first_weights=kind)[-3]
    expected = {
        "N(0, 1)": 1,
        "N(0, 0.01²)": 0.01,
        "zeros": 0,
        "Glorot": (2 / (784 + 64)) ** 0.5,
        "He": (2 / 784) ** 0.5,
        "PyTorch's own": (1 / (3 * 784)) ** 0.5,
    }[kind]
    assert float(linear.weight.detach().std()) == pytest.approx(expected, rel=0.02)
    assert bool((linear.bias == 0).all()) is (kind != "PyTorch's own")


def test_the_ensemble_is_compared_with_its_own_members():
    truth = np.zeros(3, dtype=int)
    one, two = np.array([2.0, 1.0]), np.array([0.0, 0.5])
    runs = [{"logits": [one, one, two]}, {"logits": [one, two, one]}, {"logits": [two, one, one]}]
    scores = Scores()
    add_ensemble(scores, runs, truth)
    assert scores.metrics["ensemble_accuracy"] == 1
    # Two of three are left: both right, or one of them, which is the surer one.
    assert scores.metrics["ensemble_minus_mean_member"] == pytest.approx(1 / 3)
    assert scores.metrics["geometric_minus_arithmetic"] == 0


def test_the_record_of_the_settings(sets, monkeypatch):
    monkeypatch.setattr(mnist_settings, "load_mnist", lambda split: LabelledImages(*bars(600, 0)))
    monkeypatch.setattr(mnist_settings, "IMAGES", 200)
    monkeypatch.setattr(mnist_settings, "VALIDATION", 300)
    monkeypatch.setattr(mnist_settings, "RATES", (1e-3, 1e-2))
    monkeypatch.setattr(mnist_settings, "NORMALISED_RATES", (1e-3, 1e-2))
    monkeypatch.setattr(mnist_settings, "BATCH_SIZES", (50, 200))
    monkeypatch.setattr(mnist_settings, "CHANNELS", ((1, 2),))
    monkeypatch.setattr(mnist_settings, "DROPOUTS", (0.0, 0.5))
    monkeypatch.setattr(mnist_settings, "FIRST_WEIGHTS", ("zeros", "He"))
    base = Recipe(network, 1e-3, 50, 2)
    with Progress(disable=True) as progress:
        found = mnist_settings.run(0, progress, seeds=2, base=base)
    rates = found.details["learning_rate"]
    assert (
        found.metrics["best_learning_rate"]
        == rates["values"][np.argmax(np.mean(rates["accuracy"], axis=1))]
    )
    assert np.shape(rates["curves"]) == (2, 8)
    assert rates["steps"] == [0, 2, 2, 4, 4, 6, 6, 8]
    assert found.details["batch_norm"]["off"] == rates["accuracy"]
    assert found.details["dropout"]["epochs"] == 4
    # Zeros learn nothing but how often each digit comes.
    assert np.mean(found.details["initialization"]["accuracy"][0]) < 0.2
    json.dumps([found.metrics, found.intervals, found.details])
