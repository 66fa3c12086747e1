"""Do all systems of W7 sample the same? Run as `build/bench-env/bin/python -m bench.w7.agree`.

Every installed system gives its means for a small cell through the code that is timed; each has to be within six standard errors of
the exact value (reference.py: numpy, double), and they may not all be nearer than a means of so many shots can be.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.cells import Worker
from bench.circuit import problem as P
from bench.circuit import reference
from bench.driver import load_peers, reason_missing
from bench.w7 import workload
from bench.w7.problem import SHOTS

CELL = {"n": 5, "batch": 16}


def main():
    exact = reference.outputs(P.weights(5), P.inputs(5, 16))
    error = np.sqrt((1 - exact**2).clip(1e-6) / SHOTS)
    peers, failed = load_peers(), 0
    with tempfile.TemporaryDirectory() as folder:
        for system in workload.SYSTEMS:
            missing = reason_missing(system, peers)
            if missing:
                print(f"{system.key:36} skipped: {missing}")
                continue
            worker, out = Worker(system), Path(folder) / "out.npz"
            reply = worker.ask({"cell": CELL, "probe": str(out)}, 120)
            worker.stop()
            if "failed" in reply:
                failed += 1
                print(f"{system.key:36} FAILED: {reply['failed']}", flush=True)
                continue
            off = np.abs(np.load(out)["y"] - exact) / error
            fine = off.max() <= 6 and 0.5 <= off.mean() <= 1.1  # the mean of |normal| is 0.8
            failed += not fine
            print(f"{system.key:36} {'agrees' if fine else 'DISAGREES'}: standard errors off, largest {off.max():.1f}, "
                  f"mean {off.mean():.2f}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
