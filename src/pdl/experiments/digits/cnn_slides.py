"""The two-convolution network of a set of course slides on MNIST, as printed.

5×5 convolutions to 32 and 64 maps, dropout ½ on the 3136 features, a linear layer to 1000 and one
to 10 with nothing between them, Adam at 0.001, batches of 100, five epochs.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from rich.progress import Progress
from torch import nn

from pdl.experiments.digits import cnn as mnist_cnn
from pdl.experiments.digits.training import (
    WATCHED,
    Scores,
    by_seed,
    correct_answers,
    describe_mnist,
    load_sets,
    run_recipes,
)
from pdl.experiments.registry import Outcome
from pdl.models import slides_cnn

SEEDS = 2  # 6 minutes of a processor's time each
RECIPE = replace(mnist_cnn.RECIPE, build=slides_cnn)


def run(seed: int, progress: Progress, seeds: int = SEEDS) -> Outcome:
    """Train the network on all 60 000 images with each of the seeds.

    Parameters
    ----------
    seed, progress
        The first of the seeds; see :class:`pdl.experiments.registry.Experiment`.
    seeds : int
        How many.

    Returns
    -------
    Outcome
        The accuracy on the test images, and how far the two linear layers are from one.
    """
    sets = load_sets()
    runs = run_recipes(
        "mnist-cnn-slides",
        {"recipe": RECIPE},
        range(seed, seed + seeds),
        load_sets,
        progress,
        keep=lambda trained, logits: largest_difference(trained.model),
    )["recipe"]
    correct = correct_answers(runs, sets)
    scores = Scores()
    scores.add("test_accuracy", correct)
    scores.metrics |= {
        **{key: max(run[key] for run in runs) for key in largest_difference(slides_cnn())},
        "first_256_right": int(correct[0][:256].sum()),
    }
    return Outcome(
        scores.metrics,
        scores.intervals,
        data=describe_mnist(sets),
        details={
            "settings": RECIPE.settings(),
            "seeds": by_seed(seed, runs, correct),
            "watched": WATCHED,
        },
        packages=("torch", "numpy"),
    )


def merged(first: nn.Linear, second: nn.Linear) -> nn.Linear:
    """The one linear map, in float64, that two with nothing between them are."""
    one = nn.Linear(first.in_features, second.out_features, dtype=torch.float64)
    with torch.no_grad():
        one.weight.copy_(second.weight.double() @ first.weight.double())
        one.bias.copy_(second.weight.double() @ first.bias.double() + second.bias.double())
    return one


def largest_difference(model: nn.Module, images: int = 100) -> dict[str, float]:
    """How far the network's two linear layers are from the one map that they are.

    Both in float64, on inputs drawn from N(0, 1), relative to the largest logit.
    """
    first, second = (each for each in model.double().children() if isinstance(each, nn.Linear))
    one = merged(first, second)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(images, first.in_features, generator=generator).double()
    with torch.no_grad():
        expected, found = one(x), second(first(x))
    return {
        "two_linear_parameters": _count(first, second),
        "merged_parameters": _count(one),
        "merged_largest_difference": float((found - expected).abs().max() / expected.abs().max()),
    }


def _count(*modules: nn.Module) -> int:
    return sum(each.numel() for module in modules for each in module.parameters())
