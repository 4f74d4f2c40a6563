"""The NumPy network for touching cells: patch and image agree, it learns, it is as recorded."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.progress import Progress

from pdl.data import load_cells
from pdl.experiments.cells import five_seeds as cells_five_seeds
from pdl.experiments.cells import learned
from pdl.experiments.cells import network as numpy_cnn_cells
from pdl.experiments.cells.learned import perfect_outline
from pdl.experiments.cells.network import (
    MARGIN,
    build_network,
    draw_patches,
    load_network,
    normalise,
    outline,
    pixel_classes,
    pixel_loss,
    predict,
    train,
)
from pdl.experiments.cells.scores import DATA_NAMES, score_images
from pdl.experiments.registry import find_experiment
from pdl.layers import numerical_gradient, receptive_field, softmax
from pdl.results import WEIGHTS, recorded_result, weights_bytes

NAME = numpy_cnn_cells.NAME


@pytest.fixture(scope="module")
def model():
    return load_network()


@pytest.fixture(scope="module")
def test_cells():
    return load_cells("test")


# The network


def test_it_has_the_size_that_the_book_says():
    network = build_network(np.random.default_rng(0))
    assert sum(array.size for array in network.parameters.values()) == 7763
    assert {array.dtype for array in network.parameters.values()} == {np.dtype(np.float32)}
    assert receptive_field(network)[-1].size == 2 * MARGIN + 1 == 31
    assert network.forward(np.zeros((2, 1, 31, 40), np.float32)).shape == (2, 3, 1, 10)


@settings(deadline=None, max_examples=15)
@given(row=st.integers(0, 127), column=st.integers(0, 127))
def test_a_patch_has_the_answer_of_the_whole_image(model, test_cells, row, column):
    """Convolution commutes with shifts: what is slid over patches may be slid over the image."""
    image = test_cells.images[3]
    padded = np.pad(normalise(image), MARGIN, mode="reflect")
    patch = padded[row : row + 2 * MARGIN + 1, column : column + 2 * MARGIN + 1]
    logits = model.forward(patch[np.newaxis, np.newaxis])
    assert logits.shape == (1, 3, 1, 1)
    answer = softmax(logits[:, :, 0, 0])[0]
    np.testing.assert_allclose(answer, predict(model, image)[:, row, column], atol=1e-5)


def test_a_pixel_beyond_the_patch_changes_nothing(model, test_cells):
    image = test_cells.images[0].copy()
    before = predict(model, image)
    image[60, 60] = 255 - image[60, 60]
    changed = np.argwhere((predict(model, image) != before).any(axis=0))
    assert changed.min() >= 60 - MARGIN
    assert changed.max() <= 60 + MARGIN


def test_probabilities_add_up_to_one(model, test_cells):
    probabilities = predict(model, test_cells.images[0])
    assert probabilities.shape == (3, 128, 128)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, atol=1e-5)
    assert probabilities.min() >= 0


@pytest.mark.parametrize("shape", [(1, 1), (7, 200), (33, 32)])
def test_any_size_of_image_will_do(model, shape):
    probabilities = predict(model, np.full(shape, 20, np.uint8))
    assert probabilities.shape == (3, *shape)
    labels = outline(probabilities)
    assert labels.dtype == np.int32
    assert labels.shape == shape


@pytest.mark.parametrize("shape", [(8,), (8, 8, 3)])
def test_what_is_no_gray_image_is_refused(model, shape):
    with pytest.raises(ValueError, match="image must have shape"):
        predict(model, np.zeros(shape))


# Targets and outlines


def two_touching():
    labels = np.zeros((30, 50), dtype=np.int32)
    labels[5:25, 5:25] = 1
    labels[5:25, 25:45] = 2
    return labels


def test_touching_cells_have_cores_that_do_not_touch():
    labels = two_touching()
    classes = pixel_classes(labels)
    assert classes.dtype == np.int64
    assert np.array_equal(classes > 0, labels > 0)
    row = "0" * 5 + "1111" + "2" * 12 + "1111" + "1111" + "2" * 12 + "1111" + "0" * 5
    assert "".join(map(str, classes[15])) == row


@pytest.mark.parametrize("label", [0, 1])
def test_an_image_without_outlines(label):
    classes = pixel_classes(np.full((9, 9), label, np.int32))
    assert (classes == 2 * label).all()


def test_perfect_answers_give_back_the_cells():
    labels = two_touching()
    assert np.array_equal(perfect_outline(labels), labels)


def test_a_cell_without_a_core_is_lost_even_to_perfect_answers():
    """Seven pixels across there is no pixel 4 or more away from the outline."""
    labels = np.zeros((20, 40), dtype=np.int32)
    labels[5:12, 5:12], labels[4:17, 20:33] = 1, 2
    assert perfect_outline(labels).max() == 1


def test_specks_are_no_cells():
    classes = np.zeros((20, 40), dtype=int)
    classes[2:6, 2:6] = 2  # 16 pixels: too small a foreground
    classes[5:15, 20:30] = 1
    classes[9:11, 24:26] = 2  # 4 pixels: too small a core
    assert outline(np.eye(3, dtype=np.float32)[classes].transpose(2, 0, 1)).max() == 0


def test_perfect_answers_find_every_drawn_cell():
    """The way from answers back to cells loses nothing: what is wrong is the network's."""
    truths = load_cells("validation", count=4).labels
    found = score_images(map(perfect_outline, truths), truths)
    assert (found["object_f1_90"] == 1).all()
    assert (found["iou"] == 1).all()


# Training


def test_patches_and_answers_belong_together():
    """Numbered pixels: in the middle of a patch stand the numbers of its answers."""
    numbers = np.arange(2 * 128 * 128).reshape(2, 128, 128)
    padded = np.pad(numbers, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)), constant_values=-1)
    patches, answers = draw_patches(np.random.default_rng(0), padded, numbers, 40)
    assert patches.shape == (40, 1, 62, 62)
    assert answers.shape == (40, 32, 32)
    assert np.array_equal(patches[:, 0, MARGIN:-MARGIN, MARGIN:-MARGIN], answers)
    steps = {(int(a[0, 1] - a[0, 0]), int(a[1, 0] - a[0, 0])) for a in answers}
    assert len(steps) == 8  # four turns, each mirrored or not


def test_the_loss_of_the_pixels_and_its_gradient():
    rng = np.random.default_rng(0)
    answers = rng.integers(3, size=(2, 3, 4))
    right = 30.0 * np.eye(3)[answers].transpose(0, 3, 1, 2)
    assert pixel_loss(right, answers)[0] < 1e-9
    logits = rng.normal(size=right.shape)
    loss, grad = pixel_loss(logits, answers)
    by_pixel = [
        -np.log(softmax(logits[n, :, i, j][np.newaxis])[0, answers[n, i, j]])
        for n, i, j in np.ndindex(answers.shape)
    ]
    assert loss == pytest.approx(np.mean(by_pixel))
    expected = numerical_gradient(lambda: pixel_loss(logits, answers)[0], logits)
    np.testing.assert_allclose(grad, expected, atol=1e-9)


def test_a_few_steps_lower_the_loss_and_a_seed_is_a_seed():
    cells = load_cells("train", count=4)
    ticks = []
    first = train(3, *cells, steps=20, after_step=lambda *told: ticks.append(told))
    assert ticks == list(enumerate(first.losses, 1))
    assert len(ticks) == 20
    assert np.mean(first.losses[-5:]) < 0.9 * np.mean(first.losses[:5])
    assert (
        train(3, *cells, steps=2).losses == first.losses[:1] + train(3, *cells, steps=2).losses[1:]
    )
    assert train(4, *cells, steps=1).losses != first.losses[:1]


@pytest.mark.parametrize("data", ["drawn", "hard", "nuclei"])
def test_the_whole_experiment_in_small(monkeypatch, tmp_path, data):
    """Two seeds and four steps; a second run takes both trainings over from the first one."""
    setting = learned.SETTINGS[data]
    few = {"load": lambda split: load_cells(split, count=3, hard=data == "hard")}
    monkeypatch.setitem(learned.SETTINGS, data, setting._replace(**few))
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    monkeypatch.setattr(learned, "CORE_PROBABILITIES", (0.5,))
    monkeypatch.setattr(cells_five_seeds, "LOSSES_A_MEAN", 2)
    progress = Progress(disable=True)
    outcome = cells_five_seeds.run(7, progress, data, runs=2, steps=4)
    assert progress.finished
    assert [row["seed"] for row in outcome.details["seeds"]] == [7, 8]
    recorded = recorded_result(setting.name)
    assert outcome.metrics.keys() == recorded["metrics"].keys()
    assert outcome.intervals.keys() == recorded["intervals"].keys()
    assert set(outcome.details) < set(recorded)
    assert (outcome.weights is not None) == setting.ships

    monkeypatch.setattr(cells_five_seeds, "train", None)
    again = cells_five_seeds.run(7, Progress(disable=True), data, runs=2, steps=4)
    assert again.details == outcome.details and again.intervals == outcome.intervals


# What is recorded


@pytest.mark.parametrize("hard", [False, True])
def test_the_weights_are_those_of_the_record(hard):
    name = learned.SETTINGS["hard" if hard else "drawn"].name
    content = (WEIGHTS / f"{name}.safetensors").read_bytes()
    recorded = recorded_result(name)
    assert sha256(content).hexdigest() == recorded["weights_sha256"]
    assert weights_bytes(load_network(hard)) == content
    assert recorded["profile"] == "quick"
    assert recorded["seed"] == recorded["seeds"][0]["seed"]
    assert len(recorded["seeds"]) == 5
    assert {"training_seconds", "losses"} < set(recorded["seeds"][0])


@pytest.mark.parametrize("data", ["drawn", "hard", "nuclei"])
def test_no_other_core_does_much_better_on_the_validation_images(data):
    """The book takes the class that is likelier than the others together: 0.5."""
    setting = learned.SETTINGS[data]
    score = {
        row["core_probability"]: row["ap"] for row in recorded_result(setting.name)["validation"]
    }
    assert len(score) >= 5
    assert max(score.values()) - score[setting.core_probability] < 0.003


def test_a_record_is_of_the_set_that_its_experiment_names():
    for data, setting in learned.SETTINGS.items():
        assert find_experiment(setting.name).options.get("data", "drawn") == data
        assert DATA_NAMES[data] + ", test" in [
            each["name"] for each in recorded_result(setting.name)["data"]
        ]


def test_the_settings_are_those_of_the_record():
    for setting in learned.SETTINGS.values():
        for name, value in recorded_result(setting.name)["settings"].items():
            current = getattr(numpy_cnn_cells, name.upper())
            if name == "core_probability":
                current = setting.core_probability
            assert (list(current) if isinstance(current, tuple) else current) == value


@pytest.mark.parametrize("data", ["drawn", "hard"])
def test_the_shipped_weights_score_as_recorded(data):
    """All 40 test images anew; another processor may round a pixel or two the other way."""
    setting = learned.SETTINGS[data]
    recorded, cells = recorded_result(setting.name), setting.load("test")
    model = load_network(hard=data == "hard")
    outlines = [outline(predict(model, image), setting.core_probability) for image in cells.images]
    found = score_images(outlines, cells.labels)
    for name, values in found.items():
        per_image = np.array(recorded["per_image"]["shipped"][name])
        assert recorded["metrics"][f"shipped_{name}"] == pytest.approx(per_image.mean(), abs=1e-5)
        low, high = recorded["intervals"][f"shipped_{name}"]
        assert low - 1e-6 <= values.mean() <= high + 1e-6
        assert values.mean() == pytest.approx(per_image.mean(), rel=0.01, abs=0.01)
