"""What the programs that ask whether all systems of a workload compute the same (agree.py) share: each system is asked through
the code that is timed, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from bench.cells import Worker
from bench.driver import ROOT, load_peers, reason_missing


def installed(systems):
    """Those that can run; says of the others why not."""
    peers = load_peers()
    for system in systems:
        missing = reason_missing(system, peers)
        if missing:
            print(f"{system.key:36} skipped: {missing}")
        else:
            yield system


def step(system, given, out):
    """The arrays of one whole step from what stands in `given`, or the text of its failure."""
    env = dict(os.environ, BENCH_THREADS=str(system.threads))
    command = [sys.executable, "-m", system.module, *system.args, "--probe", str(given), str(out)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    return dict(np.load(out)) if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def cells(system, asked, folder):
    """The arrays of each cell, None for one of an order that the system has not; or the text of its failure."""
    worker, out, found = Worker(system), Path(folder) / "out.npz", []
    try:
        for cell in asked:
            if cell.get("order", 1) not in system.orders:
                found.append(None)
                continue
            reply = worker.ask({"cell": cell, "probe": str(out)}, 120)
            if "failed" in reply:
                return reply["failed"]
            found.append(dict(np.load(out)))
    finally:
        worker.stop()
    return found


def worst(errors):
    """The largest; infinite if one is no number, which `max` would pass over."""
    largest = float(np.max(errors))
    return largest if largest == largest else np.inf


def error(seen, right):
    """The largest error of an array, relative to its largest element or to 1."""
    return worst(np.abs(np.asarray(seen, np.float64) - right)) / max(1.0, np.abs(right).max())


def say(key, good, text):
    """Prints the verdict about a system; how many disagree by it."""
    print(f"{key:36} {'agrees' if good else 'DISAGREES'}: {text}", flush=True)
    return int(not good)
