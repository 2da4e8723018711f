"""A program in place of a training, for tests that look at who starts, asks and ends one.

It locks its run and says "training", as the real one does, then waits for requests or for a file
`end`, which holds the status to exit with. Where it is to end with its parent, it does.
"""

STAND_IN = """
import os, signal, sys, time
from dataclasses import replace
from pathlib import Path
from vae import runs

path, parent = Path(sys.argv[1]), os.environ.get("VAE_PARENT")

def say(state):
    runs.write_manifest(path, replace(runs.read(path).manifest, state=state))

stops = []
signal.signal(signal.SIGTERM, lambda *_: stops.append(True))
with runs.locked(path):
    (path / "pid").write_text(str(os.getpid()))
    say("training")
    print("the stand-in trains", flush=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        time.sleep(0.02)
        if parent and os.getppid() != int(parent):
            os._exit(1)
        if runs.requested(path) == "pause":
            say("paused")
            while runs.requested(path) == "pause":
                time.sleep(0.02)
            say("training")
        if stops or runs.requested(path) == "stop":
            say("stopped")
            break
        if (path / "end").exists():
            status = int((path / "end").read_text())
            if status == 0:
                say("finished")
            sys.exit(status)
"""
