"""The IDX format: by hand, then every shape, then whatever bytes may come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.data.errors import DataError
from pdl.data.formats.idx import read_idx

PATH = Path("some-labels")


def idx(array):
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()


def test_two_rows_of_three_by_hand():
    head = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]
    array = read_idx(bytes([*head, 1, 2, 3, 4, 5, 255]), PATH, axes=2)
    assert array.dtype == np.uint8
    assert array.tolist() == [[1, 2, 3], [4, 5, 255]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([0, 0, 8, 3, 0, 0, 0, 1], "begins with '00 00 08 03', expected '00 00 08 01' and 1 len"),
        ([0, 0, 13, 1, 0, 0, 0, 1, 7], "begins with '00 00 0d 01', expected '00 00 08 01'"),
        ([], "begins with '', expected"),
        ([0, 0, 8, 1], "and 1 lengths"),
        ([0, 0, 8, 1, 0, 0, 0], "and 1 lengths"),
        ([0, 0, 8, 1, 0, 0, 0, 2, 7], "announces 2 = 2 values, but holds 1"),
        ([0, 0, 8, 1, 0, 0, 0, 2, 7, 7, 7], "announces 2 = 2 values, but holds 3"),
    ],
)
def test_what_is_no_idx_file_is_named(content, message):
    with pytest.raises(DataError, match=f"some-labels: .*{message}"):
        read_idx(bytes(content), PATH, axes=1)


def test_too_few_images():
    content = idx(np.zeros((3, 28, 28)))[:-1]
    with pytest.raises(DataError, match="announces 3 × 28 × 28 = 2352 values, but holds 2351"):
        read_idx(content, PATH, axes=3)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=3, max_size=3))
def test_every_shape_comes_back(shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    assert np.array_equal(read_idx(idx(array), PATH, 3), array)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=40), st.sampled_from([1, 3]))
def test_whatever_the_bytes_are_the_error_is_ours(content, axes):
    try:
        array = read_idx(content, PATH, axes)
    except DataError:
        return
    assert idx(array) == content
