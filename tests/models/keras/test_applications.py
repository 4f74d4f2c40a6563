"""The known networks are those of `keras.applications`: same counts, same outputs, same files."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
import yaml

from pdl import models
from pdl.data.errors import DataError
from pdl.data.store import registry
from pdl.models.imagenet.pretrained import FROM_KERAS
from pdl.models.keras._tensorflow import keras
from pdl.models.keras.applications import NAMES, application, state_from_keras

legacy_h5_format: Any = pytest.importorskip("keras.src.legacy.saving.legacy_h5_format")

# What Keras counts more (+) and less (-) than we do, and its total as keras.io has it:
# https://keras.io/api/applications, the table of 2020 with whole numbers.
MOVING, BIASES, NO_GAMMA = 53_120, 26_560, 17_216
COUNTS = {
    "vgg16": ({}, 138_357_544),
    "resnet50": ({"moving": MOVING, "biases": BIASES}, 25_636_712),
    "inception_v3": ({"moving": 34_432, "γ": -NO_GAMMA}, 23_851_784),
    "mobilenet_v2": ({"moving": 34_112}, 3_538_984),
}


def randomized(theirs: Any) -> Any:
    """Weights of which each one changes the outputs, and these stay near 1."""
    rng = np.random.default_rng(0)
    for layer in theirs.layers:
        arrays = []
        for weight in layer.weights:
            shape = tuple(weight.shape)
            if "variance" in weight.name:
                array = rng.uniform(0.5, 2, shape)
            elif "gamma" in weight.name:
                # Of the last normalization in a branch: else a sum of many grows.
                array = rng.uniform(0.5, 1.5, shape) * (0.2 if "3_bn" in layer.name else 1)
            elif len(shape) == 1:
                array = rng.normal(0, 0.3, shape)
            else:
                inputs = np.prod(shape[:2] if "depthwise" in layer.name else shape[:-1])
                scale = 0.2 if layer.name == "predictions" else 1
                array = scale * rng.standard_normal(shape, np.float32) * np.sqrt(2 / inputs)
            arrays.append(array)
        layer.set_weights(arrays)
    return theirs


def outputs_of_both(theirs: Any, ours: torch.nn.Module, side: int) -> tuple[Any, Any]:
    images = np.random.default_rng(1).standard_normal((2, side, side, 3)).astype(np.float32)
    with torch.no_grad():
        found = ours.eval()(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()))
    return found.numpy(), np.asarray(theirs(images, training=False))


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("vgg16", 224),
        ("resnet50", 97),
        ("inception_v3", 139),
        ("mobilenet_v2", 96),
        ("mobilenet_v2", 97),  # an odd side is padded otherwise
    ],
)
def test_equal_outputs_from_the_same_random_weights(name: str, side: int) -> None:
    theirs = randomized(application(name, input_shape=(side, side, 3)))
    ours = getattr(models, name)()
    ours.load_state_dict(state_from_keras(theirs, name, ours))
    found, expected = outputs_of_both(theirs, ours, side)
    assert found.shape == (2, 1000)
    assert 0.1 < expected.std() < 10
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", COUNTS)
def test_every_difference_in_count_is_explained(name: str) -> None:
    theirs, (differences, total) = application(name), COUNTS[name]
    with torch.device("meta"):
        model = getattr(models, name)()
    ours = sum(each.numel() for each in model.parameters())
    assert theirs.count_params() == total == ours + sum(differences.values())
    norms = [each for each in theirs.layers if isinstance(each, keras.layers.BatchNormalization)]
    channels = sum(each.beta.shape[0] for each in norms)
    convolutions = [each for each in theirs.layers if isinstance(each, keras.layers.Conv2D)]
    assert differences.get("moving", 0) == 2 * channels
    assert differences.get("γ", 0) == -sum(each.beta.shape[0] for each in norms if not each.scale)
    eps = {each.eps for each in model.modules() if isinstance(each, torch.nn.BatchNorm2d)}
    assert eps == ({1e-5} if name == "resnet50" else {each.epsilon for each in norms})
    if norms:
        biases = sum(each.bias.shape[0] for each in convolutions if each.use_bias)
        assert differences.get("biases", 0) == biases


@pytest.mark.parametrize("width", [0.35, 0.5, 1.4])
def test_widths_of_mobilenet(width: float) -> None:
    theirs = application("mobilenet_v2", alpha=width, input_shape=(32, 32, 3))
    trained = sum(int(np.prod(each.shape)) for each in theirs.trainable_weights)
    with torch.device("meta"):
        ours = models.mobilenet_v2(width=width)
    assert sum(each.numel() for each in ours.parameters()) == trained


def test_another_network_is_refused() -> None:
    with torch.device("meta"):
        resnet = models.resnet50()
    with pytest.raises(ValueError, match="layers where model has 53 of Conv2d"):
        state_from_keras(application("vgg16"), "vgg16", resnet)


def test_an_auxiliary_classifier_keeps_its_weights() -> None:
    ours = models.inception_v3(auxiliary=True)
    before = {key: each.clone() for key, each in ours.state_dict().items()}
    state = state_from_keras(application("inception_v3"), "inception_v3", ours)
    assert state.keys() == before.keys()
    same = {key for key, each in before.items() if torch.equal(each, state[key])}
    kept = {key for key in before if key.startswith("auxiliary")}
    assert kept and kept <= same and len(same) < len(before)


# Keras's files, by way of the registry


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, bytes]:
    """A network of Keras, and its weights in the form in which Keras publishes them."""
    theirs = randomized(application("mobilenet_v2", input_shape=(96, 96, 3)))
    path = tmp_path_factory.mktemp("keras") / "weights.h5"
    with h5py.File(path, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    return theirs, path.read_bytes()


@pytest.fixture
def register(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Any, reply: Any, home: Path
) -> Iterator[Any]:
    """Let a registry of one set name a file on a server, with its MD5."""

    def write(content: bytes, **facts: Any) -> str:
        url = server.serve("weights.h5", reply(content))
        file = {"path": "weights.h5", "urls": [url], "size": len(content)}
        file |= {"md5": hashlib.md5(content).hexdigest(), **facts}
        entry = {"what": "w", "licence": "l", "source": "s", "cite": "c", "way": "fetch"}
        path = tmp_path / "registry.yaml"
        path.write_text(yaml.safe_dump({"keras_mobilenet_v2": {**entry, "files": [file]}}))
        monkeypatch.setattr(registry, "REGISTRY", path)
        registry.data_sets.cache_clear()
        return url

    yield write
    monkeypatch.undo()
    registry.data_sets.cache_clear()


def test_a_published_file_is_fetched_checked_and_loaded(
    published: tuple[Any, bytes], register: Any, home: Path, server: Any, capsys: Any
) -> None:
    theirs, content = published
    url = register(content)
    ours = models.mobilenet_v2(weights="imagenet-float")
    found, expected = outputs_of_both(theirs, ours, 96)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    said = capsys.readouterr().out
    assert "keras_mobilenet_v2: fetching weights.h5, 15 MB" in said and url in said

    models.mobilenet_v2(weights="imagenet-float")
    assert len(server.asked) == 1 and capsys.readouterr().out == ""


def test_a_file_with_another_hash_is_refused(
    published: tuple[Any, bytes], register: Any, home: Path
) -> None:
    content = published[1]
    register(content, md5="0" * 32)
    with pytest.raises(DataError, match=r"its MD5 is [0-9a-f]{32}, expected 0{32}"):
        models.mobilenet_v2(weights="imagenet-float")
    register(content)
    models.mobilenet_v2(weights="imagenet-float")
    changed = bytearray(content)
    changed[-1] ^= 1
    (home / "keras_mobilenet_v2" / "weights.h5").write_bytes(changed)
    with pytest.raises(DataError, match="its MD5 is"):
        models.mobilenet_v2(weights="imagenet-float")


def test_a_file_of_another_form_is_refused(register: Any) -> None:
    register(b"no weights at all")
    with pytest.raises(DataError, match="does not hold Keras's MobileNetV2"):
        models.mobilenet_v2(weights="imagenet-float")


def test_the_registry_names_keras_own_files() -> None:
    """Addresses and MD5s are those in the source of the Keras that is installed."""
    folder = Path(keras.__file__).parent / "src" / "applications"
    assert {name for name, _ in FROM_KERAS} == set(NAMES)
    for (name, _), entry in FROM_KERAS.items():
        source = (folder / f"{name.removesuffix('50')}.py").read_text("utf8")
        source = re.sub(r'"\s+"', "", source)  # a string in two lines
        (file,) = registry.data_set(entry).files
        folder_url, _, written = file.urls[0].rpartition("/")
        assert f'"{folder_url}/' in source
        assert written == file.path
        # In part: of ResNet and MobileNetV2 the name is put together.
        assert "weights_tf_dim_ordering_tf_kernels" in written and written.startswith(name)
        assert (f'"{file.md5}"' in source) if file.md5 else "file_hash" not in source
