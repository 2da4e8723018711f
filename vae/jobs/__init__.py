"""Training processes: queued, started, paused, stopped, taken up again. No TensorFlow in here.

Each training is `python -m vae train` in a process of its own, at lower priority. What it does
is read from its run directory, so it survives reruns, page changes, closed tabs and the server.

    queue      the trainings of one server: who waits, who trains, who has to end
    admission  what may begin, go on or come in
    process    one training's process
    cluster    the same on another machine, through Dask
    command    what to type to train a run, or its like
    endings    what the end of a process tells
"""

from vae.jobs.command import command_of
from vae.jobs.queue import Jobs

__all__ = ["Jobs", "command_of"]
