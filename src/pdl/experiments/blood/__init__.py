"""Experiments that tell blood cells apart."""
