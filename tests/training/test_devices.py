"""Where a training runs."""

from __future__ import annotations

import pytest
import torch

from pdl.training import make_accelerator
from pdl.training.devices import seed_step

from . import digits

ABSENT = [
    name
    for name, there in {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }.items()
    if not there
]
PRESENT = [name for name in ("cuda", "mps") if name not in ABSENT]


@pytest.mark.parametrize("device", ABSENT)
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(ValueError, match=f"device: this machine has no {device}"):
        make_accelerator(device)
    with pytest.raises(ValueError, match=f"device: this machine has no {device}"):
        digits.train(device=device)


@pytest.mark.parametrize("device", ABSENT)
def test_so_is_one_that_the_environment_names(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDL_DEVICE", device)
    with pytest.raises(ValueError, match=f"this machine has no {device}"):
        make_accelerator()
    assert make_accelerator("cpu").device.type == "cpu"  # what the call says goes first


def test_a_wrong_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDL_DEVICE", "gpu")
    with pytest.raises(ValueError, match=r"PDL_DEVICE must be one of .*, got 'gpu'"):
        make_accelerator()


def test_auto_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDL_DEVICE")
    assert make_accelerator().device.type == (PRESENT[0] if PRESENT else "cpu")


def test_one_after_the_other_in_any_precision() -> None:
    for precision in ("no", "bf16", "no"):
        accelerator = make_accelerator("cpu", precision)
        assert accelerator.mixed_precision == precision
        assert accelerator.device.type == "cpu" and accelerator.num_processes == 1


def test_fp16_needs_a_gpu_and_says_so() -> None:
    with pytest.raises(ValueError, match="precision: fp16 needs a GPU"):
        make_accelerator("cpu", "fp16")
    assert make_accelerator("cpu").mixed_precision == "no"


def test_chance_depends_on_all_numbers_of_a_step_and_on_nothing_else() -> None:
    def draw(*numbers: int) -> float:
        seed_step(*numbers)
        return float(torch.rand(()))

    steps = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    found = [draw(*step) for step in steps]
    assert len(set(found)) == len(steps)
    torch.rand(3)
    assert [draw(*step) for step in steps] == found


@pytest.mark.gpu
@pytest.mark.skipif(not PRESENT, reason="this machine has neither CUDA nor MPS")
@pytest.mark.parametrize("device", PRESENT or ["cuda"])
def test_cpu_and_gpu_agree(device: str) -> None:
    """A net without chance: the losses agree as far as the order of the sums allows."""
    options = {"augment": None, "patience": None}
    _, expected = digits.train(None, digits.net(plain=True), device="cpu", **options)
    model, found = digits.train(None, digits.net(plain=True), device=device, **options)
    assert next(model.parameters()).device.type == device
    for name in ("train_loss", "validation_loss"):
        assert found.column(name) == pytest.approx(expected.column(name), rel=1e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not PRESENT, reason="this machine has neither CUDA nor MPS")
@pytest.mark.parametrize("device", PRESENT or ["cuda"])
def test_one_model_trains_on_one_device_and_then_on_the_other(device: str) -> None:
    model = digits.net()
    for each in ("cpu", device, "cpu"):
        digits.train(None, model, device=each, epochs=1)
        assert next(model.parameters()).device.type == each
