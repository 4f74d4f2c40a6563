"""LeNet-5 of 1998, layer by layer as in its paper, and the form in which it is used today."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from pdl._validation import check_integer
from pdl.models.blocks import FlattenMaps

C3_INPUTS = (
    (0, 1, 2),
    (1, 2, 3),
    (2, 3, 4),
    (3, 4, 5),
    (4, 5, 0),
    (5, 0, 1),
    (0, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 4, 5),
    (3, 4, 5, 0),
    (4, 5, 0, 1),
    (5, 0, 1, 2),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
"""The paper's table I: of each of C3's 16 maps, which of S2's six it sees."""

# The paper shows its 7×12 characters as a picture (figure 3); these digits are drawn after it.
_DIGITS = """
.#####. ...#... .#####. .#####. #.....# ####### .#####. ####### .#####. .#####.
#.....# ..##... #.....# #.....# #.....# #...... #.....# ......# #.....# #.....#
#.....# .#.#... ......# ......# #.....# #...... #...... .....#. #.....# #.....#
#.....# ...#... ......# ......# #.....# #...... #...... .....#. #.....# #.....#
#.....# ...#... .....#. .....#. #.....# #...... #...... ....#.. #.....# #.....#
#.....# ...#... ....#.. ..###.. ####### ######. ######. ....#.. .#####. .######
#.....# ...#... ...#... .....#. ......# ......# #.....# ...#... #.....# ......#
#.....# ...#... ..#.... ......# ......# ......# #.....# ...#... #.....# ......#
#.....# ...#... .#..... ......# ......# ......# #.....# ..#.... #.....# ......#
#.....# ...#... #...... ......# ......# ......# #.....# ..#.... #.....# ......#
#.....# ...#... #...... #.....# ......# #.....# #.....# .#..... #.....# #.....#
.#####. .#####. ####### .#####. ......# .#####. .#####. .#..... .#####. .#####.
"""


def digit_codes() -> Tensor:
    """The targets of LeNet-5's output units: each digit as a 7×12 bitmap.

    Returns
    -------
    torch.Tensor of float32, shape (10, 84)
        1 where there is ink, -1 where there is none; row by row.
    """
    rows = [line.split() for line in _DIGITS.split("\n") if line]
    bitmaps = ["".join(parts) for parts in zip(*rows, strict=True)]
    return torch.tensor([[1.0 if each == "#" else -1.0 for each in bits] for bits in bitmaps])


class ScaledTanh(nn.Module):
    """The squashing function f(a) = A tanh(S a), with f(1) = 1 and f(-1) = -1 (appendix A)."""

    def forward(self, x: Tensor) -> Tensor:
        """Squash each number of ``x`` into (-1.7159, 1.7159)."""
        return 1.7159 * torch.tanh(2 / 3 * x)


class SubSampling(nn.Module):
    """Layers S2 and S4: the sum of each 2×2, times a coefficient, plus a bias; both learned.

    Parameters
    ----------
    channels : int
        Feature maps; each has its own coefficient and bias.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        # A quarter of the sum is the mean; the paper draws the coefficient at random.
        self.coefficient = nn.Parameter(torch.full((channels, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """From (N, C, H, W) to (N, C, ⌊H/2⌋, ⌊W/2⌋)."""
        return self.coefficient * (4 * nn.functional.avg_pool2d(x, 2)) + self.bias


class PartialConvolution(nn.Module):
    """Layer C3: a 5×5 convolution in which each map sees some of the maps before it.

    Parameters
    ----------
    inputs : tuple of tuple of int
        For each map that goes out, the numbers of the maps that it sees.
    """

    def __init__(self, inputs: tuple[tuple[int, ...], ...] = C3_INPUTS) -> None:
        super().__init__()
        self.inputs = inputs
        self.maps = nn.ModuleList(nn.Conv2d(len(each), 1, 5) for each in inputs)

    def forward(self, x: Tensor) -> Tensor:
        """From (N, 6, H, W) to (N, 16, H - 4, W - 4)."""
        seen = [torch.stack([x[:, number] for number in each], dim=1) for each in self.inputs]
        return torch.cat([one(maps) for one, maps in zip(self.maps, seen, strict=True)], dim=1)


class RadialBasis(nn.Module):
    """The output units: how far F6 is from each class's code (equation 7), which is not learned.

    The paper calls the distance y_i = ‖x - w_i‖² the unnormalized negative log-likelihood of a
    Gaussian around w_i. So -y_i is a logit, and softmax makes probabilities of the distances.

    Parameters
    ----------
    codes : torch.Tensor, shape (classes, units)
        The w_i.
    """

    codes: Tensor

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        self.register_buffer("codes", codes)

    def forward(self, x: Tensor) -> Tensor:
        """From (N, units) to logits (N, classes), minus the squared distances.

        The paper's units give the distances themselves, of which the smallest wins.
        """
        return -(x[:, None] - self.codes).square().sum(dim=2)


def lenet5() -> nn.Sequential:
    """LeNet-5 as published [1]_: 60 000 parameters that are trained.

    ======  ==========================================  ==========  ==========
    layer   what it does                                output      parameters
    ======  ==========================================  ==========  ==========
    C1      5×5 convolution                             6@28×28     156
    S2      sub-sampling                                6@14×14     12
    C3      5×5 convolution, partly connected           16@10×10    1 516
    S4      sub-sampling                                16@5×5      32
    C5      5×5 convolution, which covers all of S4     120@1×1     48 120
    F6      fully connected                             84          10 164
    output  distances to the digits' bitmaps            10          none
    ======  ==========================================  ==========  ==========

    Each layer up to F6 ends in the scaled tanh.

    Returns
    -------
    torch.nn.Sequential
        From images (N, 1, 32, 32) to logits (N, 10). The paper's images are -0.1 where the paper
        is blank and 1.175 where there is ink, and the digits are 20×20 in the middle.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
       document recognition", Proceedings of the IEEE 86 (11), 2278-2324, 1998; section II.B,
       figure 2. doi:10.1109/5.726791

    Examples
    --------
    >>> sum(each.numel() for each in lenet5().parameters())
    60000
    """
    layers: list[tuple[str, nn.Module]] = [
        ("C1", nn.Conv2d(1, 6, 5)),
        ("S2", SubSampling(6)),
        ("C3", PartialConvolution()),
        ("S4", SubSampling(16)),
        ("C5", nn.Conv2d(16, 120, 5)),
        ("F6", nn.Linear(120, 84)),
    ]
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in layers:
        if name == "F6":
            modules["flatten"] = FlattenMaps(120, 1, 1)
        modules[name] = layer
        modules[f"{name}_squashed"] = ScaledTanh()
    modules["output"] = RadialBasis(digit_codes())
    return nn.Sequential(modules)


def modern_lenet5(classes: int = 10) -> nn.Sequential:
    """LeNet-5 as it is built today: ReLU, 2×2 maximum, full connections, logits.

    Parameters
    ----------
    classes : int
        Logits that come out.

    Returns
    -------
    torch.nn.Sequential
        From images (N, 1, 32, 32) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If ``classes`` is not a positive integer.

    Notes
    -----
    Its 1 706 parameters more than those of :func:`lenet5` are 36·25 = 900 weights of C3's full
    connections and 850 of a linear output, less 44 of the two sub-samplings.

    Examples
    --------
    >>> sum(each.numel() for each in modern_lenet5().parameters())
    61706
    """
    check_integer(classes, "classes", minimum=1)
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 120, 5),
        nn.ReLU(),
        FlattenMaps(120, 1, 1),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, classes),
    )
