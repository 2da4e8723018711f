"""Run directories: everything about one trained model, in files that explain themselves.

    manifest.json    configs, data, versions, state, metrics, and the SHA-256 of the model files
    model.keras      the weights for Keras; shipped runs go without
    encoder.tflite   the encoder for serving: images -> posterior mean and log variance
    decoder.tflite   the decoder for serving: latents -> logits
    to_base.tflite, from_base.tflite
                     where the prior is a flow: the encoder's z -> latents, and back
    events.jsonl     the history, one JSON object a line, only ever appended to
    snapshots/       what the model drew after chosen epochs, see vae/snapshots.py
    embedding.npz    where the embedded digits lie by t-SNE, see vae/embedding.py
    figures.json     how good it is, see vae/results.py; beside it README.md, the model card, with
                     hardest.png
    gaps.npz         what its ELBO lacks for each digit of the map, see vae/gaps.py
    tensorboard/     the losses for TensorBoard: `tensorboard --logdir runs`
    checkpoint.npz   weights and optimizer after the last epoch, to resume from
    log.txt          what the training process printed, if a server started it
    drawing.npy      a visitor's drawing, which each snapshot then shows rebuilt
    request          present while somebody asks the training to stop or to pause
    owner            whose run it is in the app, if a visitor made it there
    temporary/       temporary files of a training, removed at its end
    reserve          room for the last words of a training that finds the disk full
    lock             locked by the training process as long as it lives
    lease            renewed by a cluster's worker as long as it trains this run
    waiting.lease    renewed by the server that holds `waiting`, for servers on other hosts
    waiting          locked by the server whose queue this run is in, until its process has ended

New model files are written into `new/` first; then `manifest.json` is replaced by an atomic
rename, which commits them; then they take the place of the earlier ones. A model file is the one
whose hash the manifest names, so a crash at any moment leaves the last committed epoch.
"""

from vae.runs.events import append_event, event_line, parse_events, read_events
from vae.runs.files import (
    clear_leftovers,
    commit_files,
    model_content,
    model_files,
    note_failure,
    settle_files,
    sha256,
)
from vae.runs.listing import (
    NAME,
    SHIPPED,
    Listing,
    identity,
    list_runs,
    matching,
    own_root,
    survey,
)
from vae.runs.liveness import (
    LEASE,
    TEMPORARY,
    WAITING_LEASE,
    Request,
    clear_request,
    clear_temporary,
    is_locked,
    is_waiting,
    locked,
    request,
    requested,
    state,
)
from vae.runs.manifest import (
    ALIVE,
    FLOW_FILES,
    FORMAT_VERSION,
    MODEL_FILES,
    READABLE_VERSIONS,
    SERVED_FILES,
    Manifest,
    NoRunError,
    Run,
    RunError,
    State,
    model_file_names,
    read,
    served_files,
    to_json,
    write_manifest,
)

OWNER = "owner"

__all__ = [
    "ALIVE",
    "FLOW_FILES",
    "FORMAT_VERSION",
    "LEASE",
    "MODEL_FILES",
    "NAME",
    "OWNER",
    "READABLE_VERSIONS",
    "SERVED_FILES",
    "SHIPPED",
    "TEMPORARY",
    "WAITING_LEASE",
    "Listing",
    "Manifest",
    "NoRunError",
    "Request",
    "Run",
    "RunError",
    "State",
    "append_event",
    "clear_leftovers",
    "clear_request",
    "clear_temporary",
    "commit_files",
    "event_line",
    "identity",
    "is_locked",
    "is_waiting",
    "list_runs",
    "locked",
    "matching",
    "model_content",
    "model_file_names",
    "model_files",
    "note_failure",
    "own_root",
    "parse_events",
    "read",
    "read_events",
    "request",
    "requested",
    "served_files",
    "settle_files",
    "sha256",
    "state",
    "survey",
    "to_json",
    "write_manifest",
]
