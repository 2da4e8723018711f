"""A run as one zip file: exported, and imported with all that could be wrong in it checked.

An archive comes from anybody. So nothing in it is executed or unpickled: entries are counted before
they are parsed, names come from a fixed list, sizes are bounded before and while they are read,
every model file has the hash that the manifest names, `model.keras` has to hold this project's VAE
and nothing else, and the networks are first tried in a process of their own
(vae/network_check.py). Until all of that is done, what is unpacked lies where nobody looks.

    bounds      how much an archive may hold, and the error that says what is wrong with one
    exporting   a run packed
    importing   an archive unpacked where nobody looks, and then put among the runs
    checks      what is looked through in between
"""

from vae.archive.bounds import MAX_BYTES, MAX_EVENTS, MAX_FILES, MAX_PACKED, ArchiveError
from vae.archive.exporting import contents, export
from vae.archive.importing import UNCHECKED, import_zip

__all__ = [
    "MAX_BYTES",
    "MAX_EVENTS",
    "MAX_FILES",
    "MAX_PACKED",
    "UNCHECKED",
    "ArchiveError",
    "contents",
    "export",
    "import_zip",
]
