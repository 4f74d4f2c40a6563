"""ImageNet's weights: MobileNetV2 from its 8-bit file is what TensorFlow Lite makes of it."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from flatbuffers import Builder
from skimage import data, transform
from torch import nn

from pdl import models
from pdl.data.errors import DataError
from pdl.models import imagenet_classes, imagenet_input, mobilenet_v2
from pdl.models.imagenet.blocks import ConvNorm
from pdl.models.imagenet.mobilenet import InvertedResidual
from pdl.models.imagenet.tflite import mobilenet_state, read_layers

tf: Any = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def file() -> Path:
    folder = os.environ.get("PDL_DATA_DIR", "")
    path = Path(folder) / "mobilenet_v2" / "mobilenet_v2_1.0_224_quant.tflite"
    if not folder or not path.is_file():
        pytest.skip(f"the set mobilenet_v2 is not in PDL_DATA_DIR ({folder or 'not set'})")
    return path


@pytest.fixture(scope="module")
def model(file: Path) -> nn.Module:
    return mobilenet_v2(weights="imagenet").eval()


def made_interpreter(file: Path, kernels: str) -> Any:
    """TensorFlow Lite's own, which keeps what each layer gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = tf.lite.Interpreter(
            str(file),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=tf.lite.experimental.OpResolverType[kernels],
        )
    made.allocate_tensors()
    return made


@pytest.fixture(scope="module")
def interpreter(file: Path) -> Any:
    """With the kernels that do what the format says, number by number."""
    return made_interpreter(file, "BUILTIN_REF")


def real(interpreter: Any, name: str) -> tuple[np.ndarray, float]:
    """The numbers that a tensor stands for, and the step between two of them."""
    (details,) = (each for each in interpreter.get_tensor_details() if each["name"] == name)
    scale, zero = details["quantization"]
    values = interpreter.get_tensor(details["index"])
    return scale * (values.astype(np.float64) - zero), scale


def photo(name: str) -> np.ndarray:
    """The middle of one of scikit-image's, uint8 (224, 224, 3)."""
    whole = getattr(data, name)()
    side = min(whole.shape[:2])
    top, left = ((length - side) // 2 for length in whole.shape[:2])
    square = whole[top : top + side, left : left + side]
    return np.round(255 * transform.resize(square, (224, 224), anti_aliasing=True)).astype(np.uint8)


def run(interpreter: Any, image: np.ndarray) -> None:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
    interpreter.invoke()


def as_the_file_scales_it(image: np.ndarray) -> torch.Tensor:
    """Its input is (q - 128) / 128; `imagenet_input` gives q / 127.5 - 1."""
    return (torch.from_numpy(image.transpose(2, 0, 1).copy()).float()[None] - 128) / 128


def test_the_weights_are_those_that_the_interpreter_has(file: Path, interpreter: Any) -> None:
    layers = read_layers(file)
    # Without γ; with a background in the 1001 classes.
    assert sum(each.weight.size + each.bias.size for each in layers) == 3_504_872 - 17_056 + 1281
    assert len(layers) == 53
    for layer in layers:
        expected, _ = real(interpreter, layer.name)
        np.testing.assert_allclose(layer.weight, expected, rtol=1e-6, atol=0)


def test_each_layer_gives_what_the_interpreter_gives_within_a_step(
    model: nn.Module, interpreter: Any
) -> None:
    """Each layer gets the interpreter's own input, so that errors do not add up.

    Rounding to the nearest of 256 numbers is off by half a step at most; the interpreter rounds
    biases and factors too. Measured: 0.51 steps in the median of the layers, 0.75 at most.
    """
    image = photo("chelsea")
    run(interpreter, image)
    outputs = [
        (each, interpreter.get_tensor(each["index"]))
        for each in interpreter.get_tensor_details()
        if each["dtype"] is np.uint8 and "weights_quant" not in each["name"].split(";")[-1]
    ][1:]  # without the input
    steps: list[float] = []

    def compare(module: nn.Module, inputs: Any, found: torch.Tensor) -> torch.Tensor:
        details, values = outputs[len(steps)]
        scale, zero = details["quantization"]
        expected = torch.from_numpy(scale * (values.astype(np.float32) - zero))
        expected = expected.permute(0, 3, 1, 2)
        assert found.shape == expected.shape, details["name"]
        low, high = -scale * zero, scale * (255 - zero)
        steps.append(float((found.clip(low, high) - expected).abs().max()) / scale)
        return expected

    compared = [
        each
        for each in model.modules()
        if isinstance(each, (ConvNorm, nn.AdaptiveAvgPool2d))
        or (isinstance(each, InvertedResidual) and each.adds)
    ]
    hooks = [each.register_forward_hook(compare) for each in compared]
    with torch.no_grad():
        logits = model(as_the_file_scales_it(image))[0].numpy()
    for hook in hooks:
        hook.remove()
    details, values = outputs[len(steps)]
    scale, zero = details["quantization"]
    expected = scale * (values.reshape(-1)[1:].astype(np.float32) - zero)
    steps.append(float(np.abs(logits - expected).max()) / scale)
    assert len(steps) == 52 + 10 + 1 + 1  # convolutions, sums, the mean, the logits
    assert max(steps) <= 1.01
    assert np.median(steps) <= 0.55


TOP = {
    "astronaut": set(),  # ImageNet has no class for a person in a space suit
    "chelsea": {"tiger cat", "tabby, tabby cat", "Egyptian cat"},
    "coffee": {"espresso", "cup"},
    "rocket": {"missile", "projectile, missile"},
}


@pytest.mark.parametrize("name", TOP)
def test_photographs_get_the_interpreters_classes(
    name: str, file: Path, model: nn.Module, interpreter: Any
) -> None:
    """From end to end the roundings add up.

    Measured, in steps of the logits: 0.5 to 1.0 in the mean and 7.0 at most. TensorFlow Lite's two
    sets of kernels, the exact ones and those for speed, are as far from each other: 0.6 to 1.0 in
    the mean and 7 at most.
    """
    image = photo(name)
    names = imagenet_classes()
    with torch.no_grad():
        logits = model(imagenet_input(image[None]))[0].numpy()
    top = np.argsort(-logits)[:5]
    for each in (interpreter, made_interpreter(file, "AUTO")):
        run(each, image)
        expected, scale = real(each, "MobilenetV2/Logits/Squeeze1")
        difference = np.abs(logits - expected[0, 1:]) / scale
        assert difference.mean() < 1.5 and difference.max() < 10
        assert logits.argmax() == expected[0, 1:].argmax()
    if TOP[name]:
        assert TOP[name] <= {names[index] for index in top} and names[top[0]] in TOP[name]
        assert {*top} == {*np.argsort(-expected[0, 1:], kind="stable")[:5]}


def test_names_of_the_classes(file: Path) -> None:
    names = imagenet_classes()
    assert len(names) == 1000
    assert names[0] == "tench, Tinca tinca" and names[281] == "tabby, tabby cat"


def test_another_network_is_refused(file: Path) -> None:
    with torch.device("meta"):
        other = models.resnet18()
    with pytest.raises(DataError, match="has 52 convolutions, expected 20"):
        mobilenet_state(file, other)


def test_all_weights_are_read_and_none_is_left_at_random(file: Path, model: nn.Module) -> None:
    for one, other in zip(
        model.state_dict().values(),
        mobilenet_v2(weights="imagenet").state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)


# without the file


def test_input_by_hand() -> None:
    photos = np.array([[[[0, 255, 102]]]], np.uint8)
    symmetric = imagenet_input(photos)
    assert symmetric.shape == (1, 3, 1, 1) and symmetric.dtype == torch.float32
    torch.testing.assert_close(symmetric.flatten(), torch.tensor([-1.0, 1.0, -0.2]))
    caffe = imagenet_input(photos, "caffe").flatten()
    torch.testing.assert_close(caffe, torch.tensor([102 - 103.939, 255 - 116.779, -123.68]))


@pytest.mark.parametrize(("mode", "keras_mode"), [("symmetric", "tf"), ("caffe", "caffe")])
def test_input_as_in_keras(mode: str, keras_mode: str) -> None:
    from keras.src.applications.imagenet_utils import preprocess_input

    photos = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 3), np.uint8)
    expected = preprocess_input(photos.astype(np.float32), "channels_last", mode=keras_mode)
    found = imagenet_input(photos, mode).permute(0, 2, 3, 1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: imagenet_input(np.zeros((1, 2, 2, 3))), "photos must be uint8"),
        (lambda: imagenet_input(np.zeros((2, 2, 3), np.uint8)), r"must have the shape \(N, H, W"),
        (lambda: imagenet_input(np.zeros((1, 2, 2, 3), np.uint8), "torch"), "mode must be"),
        (lambda: models.vgg16(weights="places"), "weights must be"),
        (lambda: models.resnet50(weights="imagenet-float"), "weights must be"),
        (lambda: mobilenet_v2(10, weights="imagenet"), "classes must be 1000 with ImageNet's"),
        (lambda: mobilenet_v2(width=0.5, weights="imagenet"), "width must be 1 with ImageNet's"),
    ],
)
def test_bad_arguments_are_named(make: Any, message: str) -> None:
    with torch.device("meta"), pytest.raises((TypeError, ValueError), match=message):
        make()


def tensor(
    builder: Builder, buffer: int, shape: list[int], kind: int, scale: float, zero: int
) -> int:
    """A tensor of the schema, quantized with one scale."""
    name = builder.CreateString(f"tensor {buffer}")
    sizes = builder.CreateNumpyVector(np.array(shape, np.int32))
    scales = builder.CreateNumpyVector(np.array([scale], np.float32))
    zeros = builder.CreateNumpyVector(np.array([zero], np.int64))
    builder.StartObject(4)
    builder.PrependUOffsetTRelativeSlot(2, scales, 0)
    builder.PrependUOffsetTRelativeSlot(3, zeros, 0)
    quantization = builder.EndObject()
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, sizes, 0)
    builder.PrependInt8Slot(1, kind, 0)
    builder.PrependUint32Slot(2, buffer, 0)
    builder.PrependUOffsetTRelativeSlot(3, name, 0)
    builder.PrependUOffsetTRelativeSlot(4, quantization, 0)
    return builder.EndObject()


def table(builder: Builder, fields: int, **offsets: int) -> int:
    """A table of so many fields, of which some are vectors or tables."""
    builder.StartObject(fields)
    for field, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(int(field.removeprefix("field")), offset, 0)
    return builder.EndObject()


def vector(builder: Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for each in reversed(offsets):
        builder.PrependUOffsetTRelative(each)
    return builder.EndVector()


def test_a_file_by_hand(tmp_path: Path) -> None:
    """One 1×1 convolution: kernels 3 and -2.5 with a step of 0.5, biases 0.1 and -0.2."""
    builder = Builder()
    contents = [np.array([16, 5], np.uint8), np.array([10, -20], np.int32).view(np.uint8)]
    data = [builder.CreateNumpyVector(each) for each in contents]
    buffers = [table(builder, 1), *(table(builder, 1, field0=each) for each in data)]
    tensors = [
        tensor(builder, 0, [1, 4, 4, 1], 3, 1.0, 0),
        tensor(builder, 1, [2, 1, 1, 1], 3, 0.5, 10),
        tensor(builder, 2, [2], 2, 0.01, 0),
    ]
    inputs = builder.CreateNumpyVector(np.array([0, 1, 2], np.int32))
    operators = vector(builder, [table(builder, 3, field1=inputs)])
    graph = table(builder, 5, field0=vector(builder, tensors), field3=operators)
    graphs, all_buffers = vector(builder, [graph]), vector(builder, buffers)
    builder.Finish(table(builder, 5, field2=graphs, field4=all_buffers), file_identifier=b"TFL3")
    path = tmp_path / "by_hand.tflite"
    path.write_bytes(builder.Output())

    (layer,) = read_layers(path)
    assert layer.name == "tensor 1" and layer.weight.shape == (2, 1, 1, 1)
    assert layer.weight.flatten().tolist() == [3.0, -2.5]
    np.testing.assert_allclose(layer.bias, [0.1, -0.2], rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89HDF", "is no TensorFlow Lite file"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(24), "is damaged"),
        (b"\xff\xff\xff\x7fTFL3" + bytes(24), "is damaged"),
    ],
    ids=["another format", "empty", "beyond its end"],
)
def test_a_damaged_file(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_layers(path)
