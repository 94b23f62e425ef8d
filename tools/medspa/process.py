"""Running programs: quietly into a log, or with their output kept."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .console import MedspaError
from .settings import PROGRAM_SECONDS

NO_SPACE = ("No space left on device", "Errno 28", "not enough space", "disk full")
NO_NETWORK = (
    "Temporary failure resolving",
    "Temporary failure in name resolution",
    "Could not resolve",
    "Name or service not known",
    "Network is unreachable",
    "Connection refused",
    "Connection timed out",
    "NewConnectionError",
    "Could not connect",
    "Failed to establish a new connection",
    "No matching distribution found",
    "Failed to fetch",
    "Unable to locate package",
)


def which(name: str) -> str | None:
    """Return the path of a program, looking in the system folders as well."""
    extra = os.pathsep.join(["/usr/sbin", "/usr/bin", "/sbin", "/bin"])
    return shutil.which(name) or shutil.which(name, path=extra)


def explain(output: str) -> str | None:
    """Return the sentence for a well-known cause found in a program's output."""
    if any(mark in output for mark in NO_SPACE):
        return "The disk is full: free some space and run the command again."
    if any(mark in output for mark in NO_NETWORK):
        return (
            "Something could not be fetched: check the network (and a proxy, if "
            "there is one) and run the command again."
        )
    return None


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    stdin: str | None = None,
) -> str:
    """Run a program and return its output.

    :param what: what it does, for the error: "initdb", "installing the wheels"
    :param log: a file that gets the output as well
    :raise MedspaError: one sentence, after the last lines of the output
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=None if env is None else dict(env),
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=PROGRAM_SECONDS,
        )
    except FileNotFoundError as error:
        raise MedspaError(f"{what}: {command[0]} is not installed.") from error
    except subprocess.TimeoutExpired as error:
        raise MedspaError(
            f"{what} was stopped: it took more than {PROGRAM_SECONDS // 60} minutes."
        ) from error
    if log:
        log.write_text(done.stdout)
    if done.returncode:
        raise MedspaError(failure(what, done.stdout, done.returncode, log))
    return done.stdout


def failure(what: str, output: str, code: int, log: Path | None = None) -> str:
    """Return the sentence for a program that failed, with its last words."""
    if known := explain(output):
        return f"{what} failed. {known}" + (f" The log is {log}." if log else "")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = lines[-1] if lines else "no output"
    where = f" The log is {log}." if log else ""
    return f"{what} failed with exit code {code}: {last}{where}"
