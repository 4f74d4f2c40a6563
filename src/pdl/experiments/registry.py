"""The experiments by name, and what each hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple


class Experiment(NamedTuple):
    """An experiment that ``pdl reproduce`` can run.

    Attributes
    ----------
    module : str
        The module whose function ``run(seed, progress)`` is the experiment: it takes the seed of
        all that is random, 0 or greater (where it trains with several, the first of them), and a
        ``rich.progress.Progress`` for its bars, and returns an :class:`Outcome`.
    description : str
        What it does, in a line.
    profile : {"quick", "full"}
        Whether it takes only what ships with the book, or real data as well.
    threads : int
        How many threads the arithmetic of a training uses.
    timed : bool
        Whether its trainings are timed against each other: then they run one after the other, on
        this machine.
    options : mapping
        Passed on to ``run`` by name: where one module makes several records.
    """

    module: str
    description: str
    profile: str
    threads: int = 1
    timed: bool = False
    options: Mapping[str, Any] = MappingProxyType({})


EXPERIMENTS: dict[str, Experiment] = {
    "numpy-cnn-cells": Experiment(
        "pdl.experiments.cells.five_seeds",
        "a NumPy network of convolutions counts and outlines touching cells (5 seeds)",
        "quick",
    ),
    "numpy-cnn-cells-hard": Experiment(
        "pdl.experiments.cells.five_seeds",
        "the same network, trained and scored on the hard set (5 seeds)",
        "quick",
        options={"data": "hard"},
    ),
    "numpy-cnn-nuclei-trained": Experiment(
        "pdl.experiments.cells.five_seeds",
        "the same network, trained and scored on real nuclei (5 seeds)",
        "full",
        options={"data": "nuclei"},
    ),
    "numpy-cnn-digits": Experiment(
        "pdl.experiments.digits.numpy_cnn_digits",
        "a NumPy network reads scikit-learn's digits: ten splits, five seeds",
        "quick",
    ),
    "numpy-cnn-nuclei": Experiment(
        "pdl.experiments.cells.nuclei",
        "the network for drawn cells, asked about real nuclei",
        "full",
    ),
    "numpy-cnn-mnist": Experiment(
        "pdl.experiments.digits.numpy_cnn_mnist",
        "a NumPy network reads handwritten digits (MNIST)",
        "full",
    ),
    "mnist-mlp": Experiment(
        "pdl.experiments.digits.mlp",
        "a multi-layer perceptron and softmax regression read MNIST (5 seeds)",
        "full",
    ),
    "mnist-cnn": Experiment(
        "pdl.experiments.digits.cnn",
        "the two-convolution network of many texts, and two ways to spoil it (5 seeds)",
        "full",
    ),
    "mnist-cnn-slides": Experiment(
        "pdl.experiments.digits.cnn_slides",
        "the two-convolution network of course slides, as printed",
        "full",
    ),
    "mnist-cnn-keras": Experiment(
        "pdl.experiments.digits.cnn_keras",
        "the TensorFlow recipe's network in Keras, with sound first weights (one training)",
        "full",
        threads=2,
    ),
    "mnist-cnn-keras-normal": Experiment(
        "pdl.experiments.digits.cnn_keras_normal",
        "the TensorFlow recipe with its N(0, 1) weights, at its rate and at a tenth of it",
        "full",
        threads=2,
    ),
    "mnist-fast": Experiment(
        "pdl.experiments.digits.fast",
        "our best on MNIST, and its time to 99 % beside an older recipe's (5 seeds)",
        "full",
        threads=2,
        timed=True,
    ),
    "mnist-settings": Experiment(
        "pdl.experiments.digits.settings",
        "sweeps of learning rate, batch, kernels, first weights, dropout, batch norm (5 seeds)",
        "full",
    ),
    "bloodcells-3class": Experiment(
        "pdl.experiments.blood.three_classes",
        "a network of three blocks tells blood cells apart: few images, eight recipes, five folds",
        "full",
        threads=2,
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What an experiment found; see :func:`pdl.results.make_record`.

    Attributes
    ----------
    metrics, intervals, data, details
        As in the record.
    packages : sequence of str
        Whose versions matter.
    weights : bytes or None
        A safetensors file of what was trained, if it ships.
    """

    metrics: Mapping[str, float]
    intervals: Mapping[str, Sequence[float]]
    data: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    details: Mapping[str, Any] = field(default_factory=dict)
    packages: Sequence[str] = ("numpy",)
    weights: bytes | None = None


def find_experiment(name: str) -> Experiment:
    """Return the experiment of that name.

    Raises
    ------
    ValueError
        If there is none; the message names those that there are.
    """
    if name not in EXPERIMENTS:
        raise ValueError(f"no experiment {name!r}; there are: {', '.join(sorted(EXPERIMENTS))}")
    return EXPERIMENTS[name]
