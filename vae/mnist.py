"""What MNIST is made of: square grey images of ten classes. Standard library only."""

SIDE = 28
"""Pixels along each edge of an image."""
IMAGE = (SIDE, SIDE)
"""The shape of an image."""
PIXELS = SIDE * SIDE
CLASSES = range(10)
"""The classes, which are the labels: the digits 0 to 9."""
