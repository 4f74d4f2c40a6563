"""One training of the three-block network on crops of blood cells, by one of several recipes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn

from pdl.augmentation import Augmentation
from pdl.experiments.blood.crops import CellCrops, Numbers, Pixels, choose
from pdl.experiments.torch_trial import Recipe, train
from pdl.experiments.trial import Report, Trained
from pdl.models import three_block_cnn
from pdl.training import ArrayDataset, predict

Inputs = NDArray[np.float32]
Prepare = Callable[[Pixels], Inputs]

# Geometry alone: a cell has no upper side, but its colour tells what it is.
AUGMENTATION = Augmentation(
    rotation=180, shift=0.1, scale=0.1, flip_horizontal=True, flip_vertical=True
)


@dataclass(frozen=True)
class CropRecipe(Recipe):
    """One way to train on crops.

    Attributes
    ----------
    counts : tuple of int or None
        Training crops of each class, drawn by chance; None takes all that there are.
    weighted : bool
        Whether a crop's loss counts in inverse proportion to its class's frequency.
    blank : bool
        Whether the images are ruined, see :func:`to_blanks`.
    """

    build: Callable[[], nn.Module] = three_block_cnn
    learning_rate: float = 1e-3
    batch_size: int = 32
    epochs: int = 4
    counts: tuple[int, ...] | None = None
    weighted: bool = False
    blank: bool = False

    def settings(self) -> dict[str, Any]:
        """What JSON can say of it; all else is the same for all recipes."""
        names = ("epochs", "batch_size", "learning_rate", "counts", "weighted", "blank")
        found = {name: getattr(self, name) for name in names}
        return {**found, "augmented": self.augment is not None}

    def draw(self, crops: CellCrops, seed: int) -> CellCrops:
        """The crops to learn from."""
        if self.counts is None:
            return crops
        return crops.part(choose(crops.labels, self.counts, np.random.default_rng(seed)))

    def preparation(self, crops: CellCrops) -> Prepare:
        """What turns crops into inputs, made for those that are learned from."""
        return to_blanks if self.blank else Standardise.of(crops.images)


@dataclass(frozen=True)
class Standardise:
    """Bring bytes to mean 0 and deviation 1, and the channels to the front.

    Attributes
    ----------
    mean, deviation : ndarray of float32, shape (C,)
        Of each channel over all training pixels, where 1 is the brightest.
    """

    mean: Inputs
    deviation: Inputs

    @classmethod
    def of(cls, images: Pixels) -> Standardise:
        """Measure mean and deviation on some images, N×H×W×C."""
        scaled = images.reshape(-1, images.shape[-1]) / np.float32(255)
        # Summed in float64: over so many pixels float32 would lose digits.
        mean = scaled.mean(axis=0, dtype=np.float64).astype(np.float32)
        return cls(mean, scaled.std(axis=0, dtype=np.float64).astype(np.float32))

    def __call__(self, images: Pixels) -> Inputs:
        """From uint8 (N, H, W, C) to float32 (N, C, H, W)."""
        return channels_first((images / np.float32(255) - self.mean) / self.deviation)


def to_blanks(images: Pixels) -> Inputs:
    """The mistake: scaled to 0…1 and cast to uint8, all is 0 but the pixels that are 255.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, C)

    Returns
    -------
    ndarray of float32, shape (N, C, H, W)
    """
    return channels_first((images / 255).astype(np.uint8))


def channels_first(images: NDArray[Any]) -> Inputs:
    """From (N, H, W, C) to float32 (N, C, H, W)."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)


def augmented(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Change a batch by :data:`AUGMENTATION`; the chance comes from PyTorch's generator.

    Parameters
    ----------
    images : Tensor, shape (N, C, H, W)
    labels : Tensor, shape (N,)
        Returned as they are: a turned cell is of the same kind.
    """
    rng = np.random.default_rng(int(torch.randint(2**62, ())))
    moved = AUGMENTATION.augment_batch(rng, images.cpu().permute(0, 2, 3, 1).numpy())
    return torch.from_numpy(channels_first(moved)).to(images.device), labels


def class_weights(labels: Numbers) -> Inputs:
    """The weight of each class, N / (K · images of the class): all classes count the same then.

    Examples
    --------
    >>> class_weights(np.array([0, 0, 0, 1])).round(3).tolist()
    [0.6669999957084656, 2.0]
    """
    weights = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
    return np.asarray(weights, dtype=np.float32)


def train_on_crops(
    recipe: CropRecipe,
    crops: CellCrops,
    prepare: Prepare,
    seed: int,
    checkpoint: Path | None = None,
    report: Report = lambda part: None,
) -> Trained[nn.Module]:
    """Train a network by a recipe.

    Parameters
    ----------
    recipe : CropRecipe
    crops : CellCrops
        To learn from, see :meth:`CropRecipe.draw`.
    prepare : callable
        See :meth:`CropRecipe.preparation`.
    seed : int
        Of the weights, the order, dropout and augmentation.
    checkpoint, report
        See :func:`pdl.experiments.torch_trial.train`.

    Raises
    ------
    FloatingPointError
        If the loss becomes infinite or NaN.
    KeyboardInterrupt
        If it is stopped.
    """
    weights = torch.from_numpy(class_weights(crops.labels)) if recipe.weighted else None

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        weight = None if weights is None else weights.to(logits.device)
        return nn.functional.cross_entropy(logits, labels, weight)

    data = ArrayDataset(prepare(crops.images), crops.labels)
    model = recipe.first_model(seed)
    trained = train(recipe, model, data, seed, loss=loss, checkpoint=checkpoint, report=report)
    if not trained.history:
        raise FloatingPointError("the loss is not finite: try a lower learning rate")
    return trained


def log_probabilities(model: nn.Module, inputs: Inputs) -> NDArray[np.float64]:
    """The logarithms of the probabilities that a network gives to the classes, shape (N, K)."""
    nothing = np.zeros(len(inputs), dtype=np.int64)
    logits, _ = predict(model, ArrayDataset(inputs, nothing), batch_size=128)
    return np.asarray(logits.double().log_softmax(dim=1).numpy())


def predict_wrong_layouts(model: nn.Module, inputs: Inputs) -> dict[str, NDArray[np.float64]]:
    """Let a rightly trained network predict images that are laid out otherwise than it learned.

    Returns
    -------
    dict of str to ndarray
        Log-probabilities for ``swapped_axes``, where rows have become columns, and for
        ``reshaped``, where N×H×W×3 bytes were called N×3×H×W without moving any.
    """
    count, channels, height, width = inputs.shape
    mixed = inputs.transpose(0, 2, 3, 1).reshape(count, channels, height, width)
    return {
        "swapped_axes": log_probabilities(model, np.ascontiguousarray(inputs.swapaxes(2, 3))),
        "reshaped": log_probabilities(model, np.ascontiguousarray(mixed)),
    }


def prior_log_probabilities(counts: Sequence[int], images: int) -> NDArray[np.float64]:
    """The log-probabilities of who only knows how frequent the classes are, shape (N, K)."""
    shares = np.array(counts) / np.sum(counts)
    return np.tile(np.log(shares), (images, 1))
