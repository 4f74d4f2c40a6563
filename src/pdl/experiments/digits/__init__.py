"""Experiments on handwritten digits: MNIST, and scikit-learn's of 8×8 pixels."""
