"""Classical segmentation: thresholds, k-means, watershed and the counting of objects.

A *mask* is a boolean array, True on the foreground. A *label image* is an integer array with 0
for the background and 1…n for the objects.
"""

from __future__ import annotations

from pdl.segmentation.assignment import squared_distances
from pdl.segmentation.clustering import (
    Clustering,
    initial_centroids,
    kmeans,
    pixel_features,
)
from pdl.segmentation.counting import (
    Components,
    connected_components,
    distance_markers,
    distance_to_background,
    separate_touching,
)
from pdl.segmentation.histograms import Histogram, histogram
from pdl.segmentation.otsu import multi_otsu, otsu
from pdl.segmentation.thresholds import (
    Peaks,
    histogram_peaks,
    threshold_peaks,
    threshold_valley,
)
from pdl.segmentation.watershed import watershed

__all__ = [
    "Clustering",
    "Components",
    "Histogram",
    "Peaks",
    "connected_components",
    "distance_markers",
    "distance_to_background",
    "histogram",
    "histogram_peaks",
    "initial_centroids",
    "kmeans",
    "multi_otsu",
    "otsu",
    "pixel_features",
    "separate_touching",
    "squared_distances",
    "threshold_peaks",
    "threshold_valley",
    "watershed",
]
