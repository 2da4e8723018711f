"""What runs in the page: a model's decoder under the finger, without a rerun.

Python sends *bundles*, heavy and constant (a decoder's weights, the digits, where they lie), and
*views*, light and changing. The script files here run in the browser as one script; `stage.js`
says how bundles and views meet.
"""

import gzip
import json
from pathlib import Path

import numpy as np

from vae.charts import CLASS_COLOURS
from vae.data import Digits
from vae.inference import Model
from vae.latent_map import LatentMap
from vae.live.bundle import pack
from vae.live.network import describe

_FOLDER = Path(__file__).parent
_ORDER = (
    "bundle", "decoder", "elements", "pictures", "atlas", "stage",
    "map_words", "map_details", "map_canvas", "map_input", "map",
    "normal", "strip_slider", "sliders", "sheet", "path", "morph", "main",
)  # fmt: skip


def script() -> str:
    """The JavaScript that comes with every bundle: all of it."""
    style = (_FOLDER / "live.css").read_text()
    parts = [(_FOLDER / f"{name}.js").read_text() for name in _ORDER]
    return "\n".join([f"const STYLE = {json.dumps(style)};", *parts])


def view_script() -> str:
    """The JavaScript of a view: it calls the other one."""
    return (_FOLDER / "view.js").read_text()


def name_of(model: Model) -> str:
    """What tells a model from all others, also from an earlier state of its run."""
    return model.run.manifest.files["decoder.tflite"][:16]


def decoder_bundle(model: Model) -> bytes:
    """A model's decoder: bundle "decoder/NAME"."""
    network = describe(model)
    values = {"latent_dim": network.latent_dim, "latent": network.latent, "layers": network.layers}
    return pack({"kind": "decoder", "id": name_of(model), **values}, network.weights)


def digits_bundle(digits: Digits) -> bytes:
    """The images of these digits and their labels: bundle "digits/all"."""
    arrays = {"images": digits.images, "labels": digits.labels}
    return gzip.compress(pack({"kind": "digits", "id": "all"}, arrays), mtime=0)


def map_bundle(atlas: LatentMap) -> bytes:
    """Where the digits lie in a model's latent space: bundle "map/NAME"."""
    header = {
        "kind": "map",
        "id": name_of(atlas.model),
        "latent_dim": atlas.model.latent_dim,
        "extent": atlas.extent,
        "colours": CLASS_COLOURS,
    }
    arrays = {
        "mean": atlas.posterior.mean,
        "log_variance": atlas.posterior.log_variance,
        "points": atlas.points.astype(np.float32),
        "labels": atlas.digits.labels,
        "origin": atlas.plane.origin,
        "axes": atlas.plane.axes,
        "neighbour_distances": atlas.neighbour_distances,
    }
    return pack(header, arrays)
