"""The batches are the same on each run, and processes share them without a rest."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.training import ArrayDataset, Batches

few = settings(max_examples=50, deadline=None)
sizes = st.integers(1, 60)


def epoch(batches: Batches, number: int = 0, first: int = 0) -> list[list[int]]:
    return [batch.tolist() for batch in batches.of_epoch(number, first)]


@few
@given(size=sizes, batch_size=st.integers(1, 70), seed=st.integers(0, 5), number=st.integers(0, 9))
def test_an_epoch_has_each_image_once(size: int, batch_size: int, seed: int, number: int) -> None:
    batches = Batches(size, batch_size, seed)
    found = epoch(batches, number)
    assert sorted(chain(*found)) == list(range(size))
    assert len(found) == len(batches)
    assert all(len(batch) == batch_size for batch in found[:-1])
    assert found == epoch(Batches(size, batch_size, seed), number)


def test_the_order_is_the_same_on_each_machine() -> None:
    assert epoch(Batches(8, 3, seed=5), 2) == [[0, 4, 5], [7, 3, 1], [2, 6]]


def test_each_epoch_and_each_seed_has_its_own_order() -> None:
    orders = [epoch(Batches(50, 50, seed), number) for seed in (0, 1) for number in (0, 1, 2)]
    assert all(one != other for i, one in enumerate(orders) for other in orders[:i])


def test_without_shuffling_the_order_is_that_of_the_images() -> None:
    batches = Batches(5, 2, shuffle=False)
    assert epoch(batches, 0) == epoch(batches, 1) == [[0, 1], [2, 3], [4]]


@few
@given(size=sizes, batch_size=st.integers(1, 20), number=st.integers(0, 5), data=st.data())
def test_it_goes_on_within_an_epoch(
    size: int, batch_size: int, number: int, data: st.DataObject
) -> None:
    batches = Batches(size, batch_size, seed=3)
    first = data.draw(st.integers(0, len(batches)))
    assert epoch(batches, number, first) == epoch(batches, number)[first:]


@few
@given(processes=st.integers(1, 4), share=st.integers(1, 9), size=st.integers(4, 60))
def test_the_parts_of_the_processes_are_the_batch_of_one(
    processes: int, share: int, size: int
) -> None:
    whole = epoch(Batches(size, processes * share, seed=1), 3)
    parts = [
        Batches(size, processes * share, seed=1, process=process, processes=processes)
        for process in range(processes)
    ]
    found = [epoch(part, 3) for part in parts]
    assert all(len(each) == len(part) for each, part in zip(found, parts, strict=True))
    together = [list(chain(*batch)) for batch in zip(*found, strict=True)]
    for batch, expected in zip(together, whole, strict=False):
        assert batch == expected[: len(batch)]
        assert len({len(part) for part in zip(*found, strict=True)}) == 1
    left_out = size - sum(map(len, together))
    assert 0 <= left_out < processes
    assert together[:-1] == whole[: len(together) - 1]


def test_processes_share_a_batch_equally() -> None:
    found = [epoch(Batches(7, 4, shuffle=False, process=p, processes=2)) for p in (0, 1)]
    assert found == [[[0, 1], [4]], [[2, 3], [5]]]
    found = [epoch(Batches(5, 4, shuffle=False, process=p, processes=2)) for p in (0, 1)]
    assert found == [[[0, 1]], [[2, 3]]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "size must be 1 or greater, got 0"),
        ({"batch_size": 0}, "batch_size must be 1 or greater"),
        ({"batch_size": 2.0}, "batch_size must be an integer, got 2.0"),
        ({"seed": -1}, "seed must be 0 or greater"),
        ({"processes": 0}, "processes must be 1"),
        ({"process": 2, "processes": 2}, "process must be 1 or less"),
        ({"batch_size": 3, "processes": 2}, "batch_size must be a multiple of the 2 processes"),
        ({"size": 1, "batch_size": 4, "processes": 2}, "size must be at least the 2 processes"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, int], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Batches(**({"size": 10, "batch_size": 2} | change))


def test_a_dataset_gives_a_whole_batch() -> None:
    images = np.arange(12, dtype=np.float32).reshape(6, 2)
    data = ArrayDataset(images, [0, 1, 2, 3, 4, 5])
    found, targets = data[torch.tensor([4, 0])]
    assert len(data) == 6
    assert found.tolist() == [[8, 9], [0, 1]] and targets.tolist() == [4, 0]
    assert found.dtype == torch.float32 and targets.dtype == torch.int64


def test_a_dataset_takes_arrays_that_pytorch_does_not() -> None:
    images = np.arange(6, dtype=np.float32).reshape(2, 3)
    fixed = images.copy()
    fixed.flags.writeable = False
    for array, expected in [(fixed, images), (images[::-1, ::-1], images[::-1, ::-1])]:
        assert ArrayDataset(array, [0, 1]).images.tolist() == expected.tolist()


def test_a_dataset_does_not_copy_what_it_can_use() -> None:
    images = np.zeros((2, 3), np.float32)
    tensor = torch.zeros(2, 3)
    assert ArrayDataset(images, tensor).images.data_ptr() == images.ctypes.data
    assert ArrayDataset(images, tensor).targets is tensor


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", ">u2", "<f4"])
def test_a_dataset_takes_either_byte_order(dtype: str) -> None:
    numbers = np.arange(6).reshape(3, 2).astype(dtype)
    data = ArrayDataset(numbers, numbers)
    assert data.images.tolist() == data.targets.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert data.images.numpy().dtype == np.dtype(dtype).newbyteorder("=")


TWO = [[0.0], [1.0]]


@pytest.mark.parametrize(
    ("images", "targets", "message"),
    [
        (np.zeros((3, 2)), [0, 1], "targets must be as many as images and at least one, got 3"),
        (
            np.zeros((64, 64, 3)),
            [1],
            r"\(64, 64, 3\) and \(1,\); one image is a batch as image\[np",
        ),
        ([], [], "images must not be empty"),
        (torch.zeros(0, 2), torch.zeros(0), "at least one, got 0 images and 0 targets"),
        (TWO, 1, r"targets must have shape \(N, ...\), got a single number"),
        (TWO, torch.tensor(1), r"targets must have shape \(N, ...\), got a single number"),
        ([[0.0], [np.nan]], [0, 1], "images must be finite"),
        (torch.tensor([[0.0], [torch.inf]]), [0, 1], "images must be finite"),
        (TWO, [0.0, np.inf], "targets must be finite"),
        ([[0.0], [1.0, 2.0]], [0, 1], "images must be a rectangular array"),
        (TWO, ["cat", "dog"], "targets must hold real numbers"),
        (np.zeros((2, 2), np.longdouble), [0, 1], "images: PyTorch has no numbers of dtype"),
    ],
)
def test_a_dataset_refuses_what_cannot_be_trained_with(
    images: object, targets: object, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        ArrayDataset(images, targets)
