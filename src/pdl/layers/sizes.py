"""How large an output is, and how many zeros go around the input."""

from __future__ import annotations

from typing import NamedTuple

from pdl._validation import check_integer

Pair = tuple[int, int]
Padding = int | str | Pair | tuple[Pair, Pair]


class Geometry(NamedTuple):
    """How a kernel slides, with every option spelled out for rows and columns."""

    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    groups: int


def output_size(
    length: int, kernel: int, stride: int = 1, padding: int | Pair = 0, dilation: int = 1
) -> int:
    r"""How many positions a sliding kernel has along one axis.

    A kernel of :math:`K` taps that are :math:`D` apart spans :math:`D(K-1)+1` inputs, so

    .. math:: L' = \left\lfloor \frac{L - D(K-1) - 1 + P}{S} \right\rfloor + 1

    where :math:`P` counts the zeros at both ends together.

    Parameters
    ----------
    length : int
        The input's length L, in pixels.
    kernel : int
        The number of taps K.
    stride : int
        The step S from one position to the next.
    padding : int or (int, int)
        Zeros at each end, or before and after.
    dilation : int
        The distance D of neighbouring taps; 1 leaves no gaps.

    Returns
    -------
    int
        The output's length. Where the stride does not divide, inputs at the end are not read.

    Raises
    ------
    TypeError, ValueError
        If a number is not an integer or is too small, or if the kernel does not fit.

    Examples
    --------
    >>> output_size(5, kernel=3)
    3
    >>> output_size(28, kernel=5, stride=2, padding=2)
    14
    """
    check_integer(length, "length", minimum=1)
    check_integer(kernel, "kernel", minimum=1)
    check_integer(stride, "stride", minimum=1)
    check_integer(dilation, "dilation", minimum=1)
    before, after = check_pair(padding, "padding", minimum=0)
    span = dilation * (kernel - 1) + 1
    if span > length + before + after:
        raise ValueError(
            f"kernel: {kernel} taps with dilation {dilation} span {span} pixels, but the padded "
            f"input has {length + before + after}"
        )
    return (length - span + before + after) // stride + 1


def same_padding(length: int, kernel: int, stride: int = 1, dilation: int = 1) -> Pair:
    """The zeros before and after with which the output has ceil(length / stride) pixels.

    This is TensorFlow's ``SAME``: an odd zero goes after, that is to the bottom and to the right.

    Parameters
    ----------
    length, kernel, stride, dilation : int
        As in :func:`output_size`.

    Returns
    -------
    (int, int)
        Zeros before and after.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive integer.

    Examples
    --------
    >>> same_padding(28, kernel=5)
    (2, 2)
    >>> same_padding(28, kernel=3, stride=2)
    (0, 1)
    """
    check_integer(length, "length", minimum=1)
    check_integer(kernel, "kernel", minimum=1)
    check_integer(stride, "stride", minimum=1)
    check_integer(dilation, "dilation", minimum=1)
    outputs = -(-length // stride)
    span = dilation * (kernel - 1) + 1
    zeros = max((outputs - 1) * stride + span - length, 0)
    return zeros // 2, zeros - zeros // 2


def check_pair(value: int | Pair, name: str, minimum: int = 1) -> Pair:
    """Return a pair, of rows and columns or of before and after: an int stands for both."""
    pair = (value, value) if not isinstance(value, (tuple, list)) else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be an integer or two of them, got {value!r}")
    first, second = (check_integer(each, name, minimum=minimum) for each in pair)
    return first, second


def resolve_padding(
    padding: Padding, size: Pair, kernel: Pair, stride: Pair, dilation: Pair
) -> tuple[Pair, Pair]:
    """Return the zeros (before, after) of the rows and of the columns.

    Parameters
    ----------
    padding : int, "valid", "same", (rows, columns) or ((top, bottom), (left, right))
        An int or a pair puts the same number on both sides, as PyTorch does; "same" is
        :func:`same_padding`, as TensorFlow does.
    size, kernel, stride, dilation : (int, int)
        Of rows and columns.

    Raises
    ------
    TypeError, ValueError
        If the padding is none of these.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        rows, columns = map(same_padding, size, kernel, stride, dilation)
        return rows, columns
    if isinstance(padding, str):
        raise ValueError(f"padding must be 'valid', 'same' or numbers, got {padding!r}")
    if isinstance(padding, (tuple, list)) and any(isinstance(e, (tuple, list)) for e in padding):
        if len(padding) != 2:
            raise ValueError(f"padding must be ((top, bottom), (left, right)), got {padding!r}")
        first, second = (check_pair(each, "padding", minimum=0) for each in padding)
        return first, second
    above, left = check_pair(padding, "padding", minimum=0)  # type: ignore[arg-type]
    return (above, above), (left, left)
