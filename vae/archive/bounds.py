"""How much an exported run may hold."""

from vae import embedding, runs, snapshots

MAX_PACKED = 100_000_000
MAX_BYTES = {
    "manifest.json": 100_000,
    "events.jsonl": 20_000_000,
    snapshots.DRAWING: 10_000,
    embedding.FILE: embedding.MAX_BYTES,
    **dict.fromkeys((*runs.MODEL_FILES, *runs.FLOW_FILES), 60_000_000),
}
MAX_FILES = 100
MAX_LINES = 100_000
"""Lines of a history."""
MAX_EVENTS = 50_000
"""Lines that are read, each in 20 microseconds: of a longer history some progress is left out. A
training writes about two a second."""


class ArchiveError(runs.RunError):
    """A file is no exported run, or one that cannot be trusted; the text says why."""
