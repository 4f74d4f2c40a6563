"""Which images form which batch: the same ones on each run, on one process or on several."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from pdl._validation import check_array, check_integer


class ArrayDataset(Dataset[tuple[Tensor, Tensor]]):
    """Images and their targets in memory; a whole batch is taken at once.

    Parameters
    ----------
    images : array_like or Tensor, shape (N, ...)
        What the model reads; finite, of any byte order.
    targets : array_like or Tensor, shape (N, ...)
        What it should say: class numbers, masks, …; finite.

    Raises
    ------
    TypeError
        If PyTorch has no such numbers.
    ValueError
        If they are not equally many, or none, or one of them is NaN or infinite.
    """

    def __init__(self, images: ArrayLike | Tensor, targets: ArrayLike | Tensor) -> None:
        self.images = _as_tensor(images, "images")
        self.targets = _as_tensor(targets, "targets")
        if len(self.images) != len(self.targets) or len(self.images) == 0:
            shapes = tuple(self.images.shape), tuple(self.targets.shape)
            raise ValueError(
                f"targets must be as many as images and at least one, got {len(self.images)} "
                f"images and {len(self.targets)} targets (shapes {shapes[0]} and {shapes[1]}; "
                "one image is a batch as image[np.newaxis])"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, indices: object) -> tuple[Tensor, Tensor]:
        return self.images[indices], self.targets[indices]  # type: ignore[index]


class Batches:
    """The indices of each batch of an epoch, for one of several processes.

    Each epoch has an order of its own, drawn from the seed and the epoch's number alone: a run
    that was killed goes on with the very batch that it was at. With several processes each takes
    its part of every batch, and the parts together are the batch that one process would take.

    Parameters
    ----------
    size : int
        The number of images.
    batch_size : int
        Images in a batch, over all processes together.
    seed : int
        Of the order.
    shuffle : bool
        Whether there is a new order in each epoch; else it is 0, 1, 2, …
    process, processes : int
        Which part, and of how many.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a batch cannot be cut into equal parts.

    Examples
    --------
    >>> [batch.tolist() for batch in Batches(5, batch_size=2, shuffle=False).of_epoch(0)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        size: int,
        batch_size: int,
        seed: int = 0,
        *,
        shuffle: bool = True,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        self.size = check_integer(size, "size", minimum=1)
        self.batch_size = check_integer(batch_size, "batch_size", minimum=1)
        self.seed = check_integer(seed, "seed", minimum=0)
        self.shuffle = shuffle
        self.processes = check_integer(processes, "processes", minimum=1)
        self.process = check_integer(process, "process", minimum=0, maximum=processes - 1)
        if batch_size % processes:
            raise ValueError(
                f"batch_size must be a multiple of the {processes} processes, got {batch_size}"
            )
        if size < processes:
            raise ValueError(f"size must be at least the {processes} processes, got {size}")

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        whole, rest = divmod(self.size, self.batch_size)
        return whole + (rest >= self.processes)

    @property
    def last(self) -> int:
        """How many images the last batch of an epoch has for this process."""
        shared_rest = self.size % self.batch_size // self.processes
        return shared_rest or self.batch_size // self.processes

    def of_epoch(self, epoch: int, first: int = 0) -> Iterator[Tensor]:
        """Yield the indices of the batches of an epoch, from batch number ``first`` on.

        Processes share a batch equally: of a last one that cannot be shared, up to
        ``processes − 1`` images are left out in this epoch.
        """
        order = np.arange(self.size)
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.size)
        for number in range(first, len(self)):
            batch = order[number * self.batch_size : (number + 1) * self.batch_size]
            share = len(batch) // self.processes
            yield torch.from_numpy(batch[self.process * share : (self.process + 1) * share])


def _as_tensor(array: ArrayLike | Tensor, name: str) -> Tensor:
    """The same numbers, not copied unless PyTorch cannot use the array as it is."""
    if isinstance(array, Tensor):
        tensor = array
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{name} must be finite, but it holds NaN or infinite values")
    else:
        checked = check_array(array, name)
        native = np.require(checked, checked.dtype.newbyteorder("="), ["C", "W"])
        try:
            tensor = torch.from_numpy(native)
        except TypeError:
            raise TypeError(f"{name}: PyTorch has no numbers of dtype {native.dtype}") from None
    if tensor.ndim == 0:
        raise ValueError(f"{name} must have shape (N, ...), got a single number")
    return tensor
