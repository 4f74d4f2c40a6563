"""The networks of `pdl.models` in Keras 3 on TensorFlow, and their weights from PyTorch."""

from __future__ import annotations

from pdl.keras_models.fast_cnn import fast_cnn
from pdl.keras_models.mlp import mlp
from pdl.keras_models.small_cnn import small_cnn
from pdl.keras_models.three_block_cnn import three_block_cnn
from pdl.keras_models.weights import copy_weights, in_keras_layout

__all__ = ["copy_weights", "fast_cnn", "in_keras_layout", "mlp", "small_cnn", "three_block_cnn"]
