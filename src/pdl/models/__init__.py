"""The book's networks in PyTorch, each a `torch.nn.Sequential` of the framework's own layers."""

from __future__ import annotations

from pdl.models.fast_cnn import fast_cnn
from pdl.models.mlp import mlp
from pdl.models.slides_cnn import slides_cnn
from pdl.models.small_cnn import small_cnn
from pdl.models.three_block_cnn import three_block_cnn

__all__ = ["fast_cnn", "mlp", "slides_cnn", "small_cnn", "three_block_cnn"]
