"""How the learning rate changes while a training goes on.

Each schedule is a function of the progress, 0 at the first step and 1 at the end, and gives the
factor of the learning rate: ``fit(..., schedule=one_cycle)``, or with other numbers
``schedule=functools.partial(one_cycle, warm_up=0.2)``.
"""

from __future__ import annotations

import math

from pdl._validation import check_fraction, check_nonnegative


def constant(progress: float, *, warm_up: float = 0.05, start: float = 0.04) -> float:
    """Rise in a straight line to 1, then stay there.

    Parameters
    ----------
    progress : float
        Of the training, 0…1.
    warm_up : float
        The part of the training in which the rate rises, 0…1; 0 is no warm-up.
    start : float
        The factor at the beginning.

    Returns
    -------
    float
        The factor of the learning rate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.

    Notes
    -----
    Equal to PyTorch's ``LinearLR(start_factor=start, total_iters=warm_up * steps)``.

    Examples
    --------
    >>> [constant(progress, warm_up=0.5, start=0.0) for progress in (0.0, 0.25, 0.5, 1.0)]
    [0.0, 0.5, 1.0, 1.0]
    """
    check_fraction(progress, "progress")
    check_fraction(warm_up, "warm_up")
    check_nonnegative(start, "start")
    if progress >= warm_up:
        return 1.0
    return start + (1 - start) * progress / warm_up


def cosine(progress: float, *, end: float = 0.0) -> float:
    """Fall from 1 to ``end`` along half a cosine.

    Parameters
    ----------
    progress : float
        Of the training, 0…1.
    end : float
        The factor at the end.

    Returns
    -------
    float
        The factor of the learning rate, ``end + (1 − end)·(1 + cos(π·progress))/2``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.

    Notes
    -----
    Equation 5 of Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts"
    (2017), without a restart; PyTorch's ``CosineAnnealingLR(T_max=steps)``.

    Examples
    --------
    >>> [round(cosine(progress), 3) for progress in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.0]
    """
    check_fraction(progress, "progress")
    check_nonnegative(end, "end")
    return _half_cosine(1.0, end, progress)


def one_cycle(
    progress: float, *, warm_up: float = 0.3, start: float = 0.04, end: float = 4e-6
) -> float:
    """Rise from ``start`` to 1 and fall to ``end``, both along half a cosine.

    Parameters
    ----------
    progress : float
        Of the training, 0…1.
    warm_up : float
        The part of the training in which the rate rises, 0…1.
    start, end : float
        The factors at the beginning and at the end.

    Returns
    -------
    float
        The factor of the learning rate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.

    Notes
    -----
    After Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates" (2019); they use straight lines. PyTorch's ``OneCycleLR`` has these half
    cosines and these defaults (``div_factor`` is 1 / ``start``, ``final_div_factor`` is
    ``start`` / ``end``), and it moves the momentum the other way unless ``cycle_momentum=False``.
    It counts steps from 0 to ``total_steps − 1``, and its highest rate is one step before
    ``pct_start · total_steps``: with N steps ``total_steps=N + 1`` and
    ``pct_start=(warm_up · N + 1) / (N + 1)`` give this schedule.

    Examples
    --------
    >>> [round(one_cycle(progress), 3) for progress in (0.0, 0.15, 0.3, 1.0)]
    [0.04, 0.52, 1.0, 0.0]
    """
    check_fraction(progress, "progress")
    check_fraction(warm_up, "warm_up")
    check_nonnegative(start, "start")
    check_nonnegative(end, "end")
    if progress < warm_up:
        return _half_cosine(start, 1.0, progress / warm_up)
    return _half_cosine(1.0, end, (progress - warm_up) / (1 - warm_up) if warm_up < 1 else 0.0)


def _half_cosine(first: float, last: float, part: float) -> float:
    """From ``first`` to ``last`` as ``part`` goes from 0 to 1, flat at both ends."""
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2
