"""What the end of a training's process tells, where the training itself could not tell it."""

import signal

from vae import failures, runs

_MEMORY_SIGNALS = (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)
_ASKED = (0, -signal.SIGTERM, -signal.SIGKILL)  # statuses of a process that was to stop
NO_WORKER = "No worker of the cluster could train it"
"""What the log of a run begins its last line with, where that is so."""
_NO_AVX = (
    "this machine's processor lacks instructions that TensorFlow needs (AVX); train on another "
    "machine and import the run here"
)


def as_asked(status: int) -> bool:
    """Whether a process that was to stop ended so."""
    return status in _ASKED


def of(status: int, log: str, megabytes: float) -> tuple[runs.State, str]:
    """The state of a run whose process ended by itself with this status, and the error.

    Args:
        status: as `subprocess` has it: below zero it is the signal that ended the process; a
            shell adds 128 to that.
        log: the end of what the process printed.
        megabytes: the memory that the training was expected to take.
    """
    number = -status if status < 0 else status - 128
    if number == signal.SIGILL or "instructions, but these aren't available" in log:
        return "failed", _NO_AVX
    short = (
        f"it was expected to take {megabytes:,.0f} MB; {failures.LESS_MEMORY}; log.txt in its "
        "directory may say more"
    )
    if number in _MEMORY_SIGNALS:
        name = signal.Signals(number).name
        return "interrupted", f"{name} ended its process, most often as memory ran short: {short}"
    if status > 0 and failures.is_out_of_memory(log):
        return "failed", f"memory ran short: {short}"
    if status < 0:
        return "interrupted", ""
    if NO_WORKER in log:
        return "failed", "no worker of the cluster could train it; its log.txt says why"
    return "failed", f"the training process ended with status {status}; its log.txt says more"
