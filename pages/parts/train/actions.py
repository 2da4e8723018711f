"""What a visitor can do with a run: each button, and what it does."""

import shutil
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts.train import run_list
from pages.shared import ownership, resources, widgets
from vae import archive, failures, runs, runs_folder
from vae.jobs import admission
from vae.limits import LimitError

UNDOS = 3  # deleted runs that are offered at once
MORE = 20  # epochs that a finished run is trained on for


def buttons(run: runs.Run, state: runs.State, serving: runs.Run) -> None:
    """The buttons that make sense now. Those that change a run are its owner's."""
    jobs = resources.jobs()
    may_change = ownership.owns(run.path) and not jobs.limits.read_only
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if may_change:
            if state in ("starting", "training"):
                _button("Pause", "pause", jobs.pause, run.path)
            elif state == "paused" or _can_resume(run, state):
                _button("Resume", "play_arrow", jobs.resume, run.path, type="primary")
            elif state == "finished" and (run.path / "checkpoint.npz").exists():
                _button(f"Train {MORE} more epochs", "forward", jobs.extend, run.path, MORE)
            if state == "queued":
                _button("Leave the queue", "stop", jobs.stop, run.path)
            elif state in ("starting", "training", "paused"):
                _button("Stop", "stop", jobs.stop, run.path, help="Keeps the best epoch so far.")
        serves = run.manifest.usable and not resources.fault(run)
        if serves and serving.path != run.path:
            _button("Use on all pages", "check", _serve, run.name)
        if serves:
            _exporter(run)
        if may_change:
            if state not in runs.ALIVE:
                with st.popover("Rename", icon=":material/edit:"), st.form("rename", border=False):
                    st.text_input("New name", run.name, key="new name", max_chars=60)
                    st.form_submit_button("Rename it", on_click=attempt, args=(_rename, run))
            word = "Discard" if state in runs.ALIVE else "Delete"
            _button(word, "delete", _discard, run, help="You can take it back.")


def undo() -> None:
    """Bring back what this visitor deleted, the latest first; further ones follow these."""
    jobs = resources.jobs()
    if jobs.limits.read_only:
        return
    admission.tidy(jobs.root, jobs.limits)
    found = runs_folder.deleted(jobs.root)
    for trash in [trash for trash in found if ownership.owns(trash.path)][:UNDOS]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{widgets.plain(trash.name)}** is deleted.")
            name = trash.path.name
            _button("Undo", "undo", _restore, trash, key=f"undo-{name}")
            _button("Delete for good", "delete_forever", _remove, trash, key=f"gone-{name}")


def importer() -> None:
    """A place for an exported run; what is wrong with one is said."""
    limits = resources.jobs().limits
    if limits.read_only:
        return
    largest = archive.MAX_PACKED // 1_000_000
    version = st.session_state.setdefault("import", 0)
    key = f"archive-{version}"
    st.file_uploader(
        "Import a run: a zip file from Export. It is checked, and nothing in it is executed.",
        "zip",
        key=key,
        max_upload_size=largest
        if limits.upload is None
        else max(1, int(min(largest, limits.upload))),
        on_change=attempt,
        args=(_import, key),
    )


def attempt(action: Callable[..., Any], *arguments: Any) -> None:
    """Do it, or tell the visitor why not."""
    try:
        action(*arguments)
    except (runs.RunError, ValueError, OSError, MemoryError) as error:
        text = widgets.plain(failures.words(error))
        st.toast(f"That did not work: {text}.", icon=":material/error:", duration="long")


def _button(
    label: str, icon: str | None, action: Callable[..., Any], *arguments: Any, **look: Any
) -> None:
    icon = f":material/{icon}:" if icon else None
    st.button(label, icon=icon, on_click=attempt, args=(action, *arguments), **look)


def _exporter(run: runs.Run) -> None:
    """Packs the run when it is opened: of a download that fails later, no page would know why."""
    place = st.popover(
        "Export", icon=":material/download:", key=f"export-{run.name}", on_change="rerun"
    )
    if not place.open:
        return
    with place:
        try:
            packed = archive.export(run)
        except (runs.RunError, OSError, MemoryError) as error:
            words = widgets.plain(failures.words(error))
            st.error(f"This run cannot be exported: {words}.", icon=":material/error:")
            return
        size = max(0.1, len(packed) / 1e6)
        st.markdown(f"The whole run as one zip file ({size:.1f} MB), to import here or elsewhere.")
        st.download_button(
            "Download", packed, f"{run.name}.zip", icon=":material/download:", on_click="ignore"
        )


def _can_resume(run: runs.Run, state: runs.State) -> bool:
    begins = not run.manifest.usable or (run.path / "checkpoint.npz").exists()
    return state in ("stopped", "interrupted", "failed") and begins and not run.manifest.diverged


def _serve(name: str) -> None:
    """Make a run the model of all pages."""
    st.session_state["model"] = name


def _rename(run: runs.Run) -> None:
    resources.jobs().limits.check_open()
    renamed = runs_folder.rename(run, str(st.session_state["new name"]).strip())
    run_list.show(renamed.name)
    if st.session_state["model"] == run.name:
        st.session_state["model"] = renamed.name


def _discard(run: runs.Run) -> None:
    resources.jobs().discard(run.path)
    run_list.show("")


def _import(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    st.session_state["import"] += 1  # an empty uploader, whatever comes of this
    jobs = resources.jobs()
    admission.tidy(jobs.root, jobs.limits)
    admission.check_import(jobs.root, jobs.limits, file.size)
    run = archive.import_zip(file, jobs.root)
    try:
        admission.check_imported(jobs.root, jobs.limits)
        ownership.claim(run.path)
    except (LimitError, OSError):
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    run_list.show(run.name)


def _restore(trash: runs_folder.Trash) -> None:
    resources.jobs().limits.check_open()
    run_list.show(runs_folder.restore(trash).name)


def _remove(trash: runs_folder.Trash) -> None:
    resources.jobs().limits.check_open()
    runs_folder.delete_for_good(trash)
