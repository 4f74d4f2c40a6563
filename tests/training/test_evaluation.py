"""Evaluation looks at every image once, in evaluation mode."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from pdl.training import ArrayDataset, accuracy, evaluate, make_accelerator, predict

from . import digits

MEASURES = {"loss": cross_entropy, "accuracy": accuracy}


@pytest.mark.parametrize("batch_size", [1, 7, 39, 40, 41, 256])
def test_the_batch_size_changes_nothing(batch_size: int) -> None:
    model = digits.net().train()  # batch normalization and dropout would tell
    data = digits.validation()
    expected = evaluate(digits.net(), data, MEASURES, len(data))
    found = evaluate(model, data, MEASURES, batch_size)
    assert found == pytest.approx(expected, abs=1e-6)
    assert not model.training
    assert digits.same_weights(model, digits.net())


def test_predictions_are_in_the_order_of_the_data_and_need_no_gradient() -> None:
    data = digits.validation()
    model = digits.net().eval()
    outputs, targets = predict(model, data, 7)
    torch.testing.assert_close(outputs, model(data.images).detach())
    assert torch.equal(targets, data.targets)
    assert not outputs.requires_grad and outputs.device.type == "cpu"


def test_measures_are_of_all_images_not_means_of_batches() -> None:
    def largest(logits: Tensor, labels: Tensor) -> Tensor:
        return logits.max() + len(labels)

    data = digits.validation()
    model = digits.net()
    outputs, _ = predict(model, data)
    found = evaluate(model, data, {"largest": largest}, 16)["largest"]
    assert found == pytest.approx(float(outputs.max()) + 40, abs=1e-4)


def test_in_bf16_the_outputs_are_float32_and_close() -> None:
    model, data = digits.net(), digits.validation()
    exact, _ = predict(model, data)
    rough, _ = predict(model, data, accelerator=make_accelerator("cpu", "bf16"))
    assert rough.dtype == torch.float32
    assert 0 < float((rough - exact).abs().max()) < 0.05


def test_nothing_is_measured_where_nothing_is_asked() -> None:
    assert evaluate(digits.net(), digits.validation(), {}) == {}


def test_accuracy() -> None:
    logits = torch.tensor([[2.0, 1, 0], [0, 3, 1], [0, 1, 2], [5, 1, 2]])
    assert float(accuracy(logits, torch.tensor([0, 1, 2, 1]))) == 0.75
    assert float(accuracy(logits, torch.tensor([1, 0, 0, 1]))) == 0.0


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size must be 1 or greater"):
        predict(digits.net(), ArrayDataset(torch.zeros(2, 1, 8, 8), [0, 1]), 0)
