"""The schedules against those of PyTorch, step by step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from pdl.training import constant, cosine, one_cycle

few = settings(max_examples=40, deadline=None)
SCHEDULES = {"constant": constant, "cosine": cosine, "one_cycle": one_cycle}


def rates_of_torch(make: Callable[[Any], Any], steps: int, rate: float = 1.0) -> list[float]:
    """The learning rate of the steps 0 … ``steps``."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = make(optimizer)
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


def rates_of(schedule: Callable[[float], float], steps: int) -> list[float]:
    return [schedule(step / steps) for step in range(steps + 1)]


@few
@given(steps=st.integers(1, 60), end=st.floats(0, 1))
def test_cosine_is_that_of_pytorch(steps: int, end: float) -> None:
    theirs = rates_of_torch(
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=end), steps
    )
    assert rates_of(partial(cosine, end=end), steps) == pytest.approx(theirs, abs=1e-9)


@few
@given(
    steps=st.integers(3, 60),
    warm_up=st.floats(0.1, 0.9),
    divide=st.floats(1, 100),
    finally_divide=st.floats(1, 1e5),
)
def test_one_cycle_is_that_of_pytorch(
    steps: int, warm_up: float, divide: float, finally_divide: float
) -> None:
    theirs = rates_of_torch(
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=1.0,
            total_steps=steps + 1,
            pct_start=(warm_up * steps + 1) / (steps + 1),
            div_factor=divide,
            final_div_factor=finally_divide,
            cycle_momentum=False,
        ),
        steps,
    )
    start = 1 / divide
    ours = partial(one_cycle, warm_up=warm_up, start=start, end=start / finally_divide)
    assert rates_of(ours, steps) == pytest.approx(theirs, abs=1e-9)


def test_one_cycle_has_the_defaults_of_pytorch() -> None:
    steps = 20
    theirs = rates_of_torch(
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer, 1.0, total_steps=steps + 1, pct_start=7 / 21, cycle_momentum=False
        ),
        steps,
    )
    assert rates_of(one_cycle, steps) == pytest.approx(theirs, abs=1e-9)


@few
@given(risen=st.integers(1, 30), after=st.integers(0, 30), start=st.floats(0.01, 1))
def test_constant_with_warm_up_is_that_of_pytorch(risen: int, after: int, start: float) -> None:
    steps = risen + after
    theirs = rates_of_torch(
        lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=start, total_iters=risen),
        steps,
    )
    ours = rates_of(partial(constant, warm_up=risen / steps, start=start), steps)
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_ends_and_edges() -> None:
    assert one_cycle(0) == pytest.approx(0.04) and one_cycle(1) == pytest.approx(4e-6)
    assert one_cycle(0.3) == 1.0
    assert one_cycle(0.0, warm_up=0) == 1.0 and one_cycle(1.0, warm_up=1) == 1.0
    assert constant(0.0, warm_up=0) == 1.0 and constant(1.0, warm_up=1) == 1.0
    assert cosine(1.0, end=0.25) == 0.25


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("progress", [-0.01, 1.01, float("nan")])
def test_progress_beyond_the_training_is_refused(name: str, progress: float) -> None:
    with pytest.raises(ValueError, match="progress must"):
        SCHEDULES[name](progress)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("constant", {"warm_up": 1.5}),
        ("constant", {"start": -1}),
        ("cosine", {"end": -0.1}),
        ("one_cycle", {"warm_up": -0.1}),
        ("one_cycle", {"start": -1}),
        ("one_cycle", {"end": -1}),
    ],
)
def test_bad_numbers_are_named(name: str, change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(change))} must"):
        SCHEDULES[name](0.5, **change)
