"""The networks of `pdl.models` in Keras 3 on TensorFlow, and their weights from PyTorch."""

from __future__ import annotations

from pdl.models.keras.fast_cnn import fast_cnn
from pdl.models.keras.mlp import mlp
from pdl.models.keras.small_cnn import small_cnn
from pdl.models.keras.three_block_cnn import three_block_cnn
from pdl.models.keras.weights import copy_weights, in_keras_layout

__all__ = ["copy_weights", "fast_cnn", "in_keras_layout", "mlp", "small_cnn", "three_block_cnn"]
