"""A run's losses as TensorBoard events: `tensorboard --logdir runs` shows them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from vae.losses import TERMS

FOLDER = "tensorboard"


class Scalars:
    """Writes named numbers over training steps. TensorBoard itself need not be installed."""

    def __init__(self, path: Path) -> None:
        """`path` is the run directory."""
        self._writer = tf.summary.create_file_writer(str(path / FOLDER))
        plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        self._metadata = tf.compat.v1.SummaryMetadata(
            plugin_data=plugin, data_class="DATA_CLASS_SCALAR"
        )

    def write(self, event: Mapping[str, Any]) -> None:
        """Add the losses of a training's event, if it has any, at its step."""
        if event["event"] == "progress":
            self._add("batch", event, event["step"])
        elif event["event"] == "epoch":
            for split in ("train", "validation"):
                self._add(split, event[split], event["step"])
            self._writer.flush()

    def _add(self, prefix: str, values: Mapping[str, Any], step: int) -> None:
        with self._writer.as_default():
            for name in TERMS:
                tensor = tf.constant(values[name], tf.float32)
                tf.summary.write(f"{prefix}/{name}", tensor, step=step, metadata=self._metadata)

    def close(self) -> None:
        """Bring everything to the disk; nothing is written any more."""
        self._writer.close()
