"""A checkpoint is whole or not there, holds no pickle, and goes into the same training only."""

from __future__ import annotations

import copy
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from pdl._files import UnusableFileError
from pdl.training import load_checkpoint, save_checkpoint

from . import digits

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "step": torch.tensor(4), "none": torch.zeros(0)}
FACTS = {"epoch": 3, "loss": 0.1 + 0.2, "names": ["ä", "b"], "nothing": None}


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.safetensors"
    save_checkpoint(path, TENSORS, FACTS)
    tensors, facts = load_checkpoint(path)
    assert facts == FACTS
    assert tensors.keys() == TENSORS.keys()
    for name, each in TENSORS.items():
        assert torch.equal(tensors[name], each) and tensors[name].dtype == each.dtype
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_views_and_shared_tensors_are_saved(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    save_checkpoint(tmp_path / "a", {"one": base, "same": base, "turned": base.T[1:]}, {})
    tensors, _ = load_checkpoint(tmp_path / "a")
    assert torch.equal(tensors["turned"], base.T[1:]) and torch.equal(tensors["same"], base)


def test_loaded_tensors_are_no_view_of_the_file(tmp_path: Path) -> None:
    """Else the optimizer's state would change, or the process die, with the file."""
    path = tmp_path / "a"
    save_checkpoint(path, {"a": torch.ones(5000)}, {})
    tensors, _ = load_checkpoint(path)
    with path.open("rb+") as file:
        file.seek(-20_000, os.SEEK_END)
        file.write(bytes(20_000))
    assert tensors["a"].sum() == 5000


def test_facts_that_json_cannot_say_leave_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    save_checkpoint(path, TENSORS, FACTS)
    with pytest.raises(TypeError):
        save_checkpoint(path, TENSORS, {"a": object()})
    assert load_checkpoint(path)[1] == FACTS


def _truncated(path: Path) -> None:
    save_checkpoint(path, TENSORS, FACTS)
    path.write_bytes(path.read_bytes()[:-3])


def _lengthened(path: Path) -> None:
    save_checkpoint(path, TENSORS, FACTS)
    path.write_bytes(path.read_bytes() + b"abc")


def _header_cut(path: Path) -> None:
    save_checkpoint(path, TENSORS, FACTS)
    path.write_bytes(path.read_bytes()[:40])


def _foreign(path: Path) -> None:
    save_file({"a": torch.zeros(2)}, path)


def _foreign_facts(path: Path) -> None:
    save_file({"a": torch.zeros(2)}, path, {"facts": "{not json"})


def _pickle(path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, path)


def _huge_header(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")


BROKEN = [_truncated, _lengthened, _header_cut, _foreign, _foreign_facts, _pickle, _huge_header]
BROKEN += [lambda path: path.write_bytes(b""), lambda path: path.write_text("hello\n" * 9)]


def test_a_flipped_bit_anywhere_is_seen(tmp_path: Path) -> None:
    """Or it changes nothing, as in the order of the header's names."""
    path = tmp_path / "a.safetensors"
    tensors = {"a": torch.tensor([1.5, -2.0]), "b": torch.tensor([True]), "c": torch.tensor(3)}
    save_checkpoint(path, tensors, {"place": 1})
    content = path.read_bytes()
    refused = 0
    for place, bit in [(place, 1 << place % 8) for place in range(len(content))]:
        changed = bytearray(content)
        changed[place] ^= bit
        path.write_bytes(changed)
        try:
            found, facts = load_checkpoint(path)
        except UnusableFileError:
            refused += 1
        else:
            assert facts == {"place": 1} and digits.same_weights(found, tensors)
    assert refused > 0.9 * len(content)


def test_a_checkpoint_without_a_checksum_is_taken_with_a_word(tmp_path: Path) -> None:
    """As those of earlier versions."""
    path = tmp_path / "a.safetensors"
    save_file(TENSORS, path, {"facts": json.dumps(FACTS)})
    with pytest.warns(UserWarning, match=r"a\.safetensors has no checksum"):
        tensors, facts = load_checkpoint(path)
    assert facts == FACTS and digits.same_weights(tensors, TENSORS)


@pytest.mark.parametrize("make", BROKEN)
def test_a_broken_or_foreign_file_is_refused(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "broken.safetensors"
    make(path)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=r"broken\.safetensors is not a whole checkpoint of ours"):
        load_checkpoint(path)
    model = digits.net()
    before = digits.net()
    with pytest.raises(ValueError, match="is not a whole checkpoint of ours"):
        digits.train(path, model)
    assert digits.same_weights(model, before)
    assert path.read_bytes() == content


def test_a_checkpoint_that_does_not_say_where_it_stands_is_refused(tmp_path: Path) -> None:
    lists = {"settings": [1], "place": {}}, {"settings": {}, "place": [1]}, [1]
    for facts in ({}, {"settings": {}, "place": {"unknown": 1}}, {"place": {}}, *lists):
        save_checkpoint(tmp_path / "a", {}, facts)
        with pytest.raises(ValueError, match="does not say where it stands"):
            digits.train(tmp_path / "a")


@pytest.fixture(scope="module")
def in_an_epoch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of epoch 4, batch 2, with best weights; the training was broken off there."""
    path = tmp_path_factory.mktemp("altered") / "whole.safetensors"
    steps = 0

    def broken(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal steps
        steps += 1
        if steps == 3 * 5 + 4:
            raise RuntimeError("planted")
        return digits.shift(images, labels)

    with pytest.raises(RuntimeError, match="planted"):
        digits.train(path, augment=broken, device="cpu")
    place = load_checkpoint(path)[1]["place"]
    assert (place["epoch"], place["batch"], place["best_epoch"]) == (3, 2, 3)
    return path


NO_TRAINING = "where no training of 6 epochs of 5 batches can stand; delete it to begin anew"
ROWS = [{"epoch": each} for each in (1, 2, 3)]


@pytest.mark.parametrize(
    "change",
    [
        {"batch": 6},
        {"batch": 10**9},
        {"batch": -1},
        {"batch": 2.0},
        {"batch": 0},  # but images have been counted
        {"images": 0},  # but a batch has been taken
        {"epoch": 7},
        {"epoch": 2},  # but there are three rows
        {"epoch": 6, "history": [{"epoch": each} for each in range(1, 7)]},  # the end, and a batch
        {"epoch": "3"},
        {"epoch": True, "history": ROWS[:1]},
        {"history": []},
        {"history": [{}, {}, {}]},
        {"history": [ROWS[0], ROWS[2], ROWS[1]]},
        {"loss_sum": None},
        {"loss_sum": float("nan")},
        {"seconds": "1"},
        {"best_epoch": None},
        {"best_epoch": 4},
        {"best_loss": None},
    ],
)
def test_a_place_where_no_training_can_stand_is_refused(
    tmp_path: Path, in_an_epoch: Path, change: dict[str, Any]
) -> None:
    """Altered by our own functions, so that the checksum is right."""
    path = tmp_path / "a.safetensors"
    tensors, facts = load_checkpoint(in_an_epoch)
    save_checkpoint(path, tensors, {**facts, "place": facts["place"] | change})
    model = digits.net()
    with pytest.raises(UnusableFileError, match=f"a.safetensors was altered.*{NO_TRAINING}"):
        digits.train(path, model)
    assert digits.same_weights(model, digits.net())


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("optimizer.", r"'optimizer\.0\.exp_avg' is not as it was written"),
        ("optimizer.3.exp_avg_sq", r"'optimizer\.3\.exp_avg_sq' is not as it was written"),
        ("best.", r"'best\.0\.bias' is not as it was written"),
        ("best.1.running_var", r"'best\.1\.running_var' is not as it was written"),
        ("model.6.weight", r"'model\.6\.weight' is not as it was written"),
    ],
)
@pytest.mark.parametrize("how", ["absent", "of another shape"])
def test_missing_and_reshaped_tensors_are_refused(
    tmp_path: Path, in_an_epoch: Path, lost: str, message: str, how: str
) -> None:
    path = tmp_path / "a.safetensors"
    tensors, facts = load_checkpoint(in_an_epoch)
    altered = {
        name: torch.zeros(7) if name.startswith(lost) else each
        for name, each in tensors.items()
        if how != "absent" or not name.startswith(lost)
    }
    save_checkpoint(path, altered, facts)
    model = digits.net()
    with pytest.raises(UnusableFileError, match=message):
        digits.train(path, model)
    assert digits.same_weights(model, digits.net())


def test_what_an_early_checkpoint_lacks_is_seen_as_far_as_it_can_be(
    tmp_path: Path, in_an_epoch: Path
) -> None:
    """Those of earlier versions do not say which tensors they have."""
    path = tmp_path / "a.safetensors"
    tensors, facts = load_checkpoint(in_an_epoch)
    del facts["tensors"]
    for altered, message in [
        ({n: t for n, t in tensors.items() if not n.startswith("best")}, "absent in the file"),
        (tensors | {"optimizer.6.step": torch.tensor(1.0)}, "the parameters 0 … 5"),
        (tensors | {"optimizer.x": torch.tensor(1.0)}, "a state 'x'"),
    ]:
        save_checkpoint(path, altered, facts)
        model = digits.net()
        with pytest.raises(UnusableFileError, match=message):
            digits.train(path, model)
        assert digits.same_weights(model, digits.net())


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "absent")


def test_there_is_no_pickle_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is a length, a JSON text and numbers; and nothing is unpickled on the way back."""
    import pickle

    path = tmp_path / "a.safetensors"
    digits.train(path, epochs=1)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    names = set(header) - {"__metadata__"}
    assert {"model.0.weight", "optimizer.0.exp_avg", "best.0.weight"} <= names
    assert {each["dtype"] for name, each in header.items() if name in names} <= {"F32", "I64"}
    assert max(header[name]["data_offsets"][1] for name in names) == len(content) - 8 - length
    json.loads(header["__metadata__"]["facts"])

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was unpickled")

    for module, name in [(pickle, "load"), (pickle, "loads"), (torch, "load")]:
        monkeypatch.setattr(module, name, refuse)
    digits.train(path, epochs=1)


def _changed(layer: int, other: nn.Module) -> nn.Module:
    model = digits.net(seed=2)
    model[layer] = other
    return model


OTHER_MODELS = {
    "wider": (
        lambda: _changed(6, nn.Linear(64, 11)),
        r"another model: '6\.bias' is \(10,\) of torch\.float32 in the file and \(11,\) of",
    ),
    "in float64": (
        lambda: _changed(0, nn.Conv2d(1, 4, 3, padding=1).double()),
        r"another model: '0\.bias' is .*torch\.float32 in the file and \(4,\) of torch\.float64",
    ),
    "without running means": (
        lambda: _changed(1, nn.BatchNorm2d(4, track_running_stats=False)),
        r"another model: '1\.num_batches_tracked' is .* in the file and absent in the model",
    ),
    "plain": (
        lambda: digits.net(seed=2, plain=True),
        "params of parameter group 0 = 6, but this training has 4",
    ),
}


@pytest.mark.parametrize("which", OTHER_MODELS)
def test_another_model_is_refused_and_stays_as_it_was(tmp_path: Path, which: str) -> None:
    """What fits must not be overwritten before it is found that the rest does not."""
    make, message = OTHER_MODELS[which]
    path = tmp_path / "a.safetensors"
    digits.train(path, epochs=1)
    content = path.read_bytes()
    model = make()
    before = copy.deepcopy(model)
    with pytest.raises(ValueError, match=message):
        digits.train(path, model, epochs=1)
    assert digits.same_weights(model, before)
    assert path.read_bytes() == content


def _adam(**options: Any) -> dict[str, Any]:
    model = digits.net()
    return {
        "model": model,
        "optimizer": torch.optim.Adam(model.parameters(), **{"lr": 0.05, **options}),
    }


def _sgd() -> dict[str, Any]:
    model = digits.net()
    return {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.05)}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda: {"epochs": 3}, "epochs = 2, but this training has 3"),
        (lambda: {"batch_size": 8}, "batch_size = 16, but this training has 8"),
        (lambda: {"seed": 1}, "seed = 0, but this training has 1"),
        (lambda: {"patience": None}, "patience = 2, but this training has None"),
        (lambda: {"precision": "bf16"}, "precision = 'no', but this training has 'bf16'"),
        (lambda: _adam(lr=0.1), "lr of parameter group 0 = 0.05, but this training has 0.1"),
        (lambda: _adam(betas=(0.8, 0.9)), "betas of parameter group 0"),
        (lambda: _adam(weight_decay=0.1), "weight_decay of parameter group 0"),
        (_sgd, "optimizer = 'Adam', but this training has 'SGD'"),
    ],
)
def test_another_setting_is_refused_by_its_name(tmp_path: Path, change: Any, name: str) -> None:
    path = tmp_path / "a.safetensors"
    digits.train(path, epochs=2)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=f"was written with {name}"):
        digits.train(path, **({"epochs": 2} | change()))
    assert path.read_bytes() == content


def test_other_images_are_refused_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    digits.train(path, epochs=1)
    model = digits.net()
    with pytest.raises(ValueError, match="images = 72, but this training has 71"):
        digits.fit(
            model,
            digits.digits(0, 71),
            loss=nn.functional.cross_entropy,
            optimizer=torch.optim.Adam(model.parameters(), lr=0.05),
            epochs=1,
            batch_size=16,
            validation=digits.validation(),
            patience=2,
            checkpoint=path,
            progress=False,
        )


def test_what_a_killed_writer_left_is_removed_and_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "a[1].safetensors"
    left = tmp_path / ".a[1].safetensors.4711.part"
    others = [tmp_path / ".b.safetensors.4711.part", tmp_path / ".a1.safetensors.4711.part"]
    for each in (left, *others):
        each.write_bytes(b"half")
    digits.train(path, epochs=1)
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])
