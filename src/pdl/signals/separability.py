"""Separable kernels: a column convolved with a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_kernel, check_nonnegative


def separable(
    kernel: ArrayLike, tolerance: float = 1e-10
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split a kernel of rank one into a column and a row whose product it is.

    Convolving with the column and then with the row costs K + L multiplications a pixel instead
    of K·L. The singular value decomposition kernel = Σ_i s_i u_i v_iᵀ shows whether that can be
    done: only if all singular values but the first are zero.

    Parameters
    ----------
    kernel : array_like, shape (K, L)
        The kernel to split.
    tolerance : float
        The second singular value may be this fraction of the first. Use about 1e-6 for a kernel
        that was computed in float32.

    Returns
    -------
    column : ndarray of float64, shape (K, 1)
        √s₁ u₁, with the sign that makes its entry of largest magnitude positive.
    row : ndarray of float64, shape (1, L)
        √s₁ v₁ᵀ, so that ``column @ row`` is the kernel.

    Raises
    ------
    ValueError
        If the kernel is not of rank one.

    Examples
    --------
    >>> column, row = separable([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    >>> column.shape, row.shape
    ((3, 1), (1, 3))
    >>> bool(np.allclose(column @ row, [[1, 0, -1], [2, 0, -2], [1, 0, -1]]))
    True
    """
    checked = check_kernel(kernel)
    tolerance = check_nonnegative(tolerance, "tolerance")
    u, s, vt = np.linalg.svd(checked, full_matrices=False)
    if s[0] == 0:
        raise ValueError("kernel is zero everywhere: it has rank 0, and a separable one has rank 1")
    if len(s) > 1 and s[1] > tolerance * s[0]:
        rank = int(np.sum(s > tolerance * s[0]))
        raise ValueError(f"kernel is not separable: it has rank {rank}, and a separable one rank 1")
    sign = np.sign(u[np.argmax(np.abs(u[:, 0])), 0])
    scale = sign * np.sqrt(s[0])
    return scale * u[:, :1], scale * vt[:1]
