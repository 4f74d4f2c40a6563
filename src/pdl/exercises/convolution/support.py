"""What the checks of this chapter share."""

from __future__ import annotations

NOT_FLIPPED = "Looks like a correlation: the kernel was not flipped."
UPSIDE_DOWN = "The kernel was turned upside down only; flip both axes: kernel[::-1, ::-1]."
ROUND_AGAIN = "Sums or products did not fit into the small integer type: make both arrays float."
LEFT_RIGHT = "The kernel was flipped from left to right only; flip both axes: kernel[::-1, ::-1]."
