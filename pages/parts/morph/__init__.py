"""The parts of the page Morph."""
