"""Do all systems of W2 and W3 compute the same? Run as `build/bench-env/bin/python -m bench.circuit.agree`.

Every installed system evaluates small cells through the code that is timed and is compared with reference.py (numpy, double):
loss and gradients to 2e-5 of the largest element or of 1. Ends with status 1 if a system disagrees.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.circuit import problem as P
from bench.circuit import reference
from bench.driver import load_peers, reason_missing
from bench.cells import Worker
from bench.w2 import workload

TOLERANCE = 2e-5
CELLS = ({"n": 2, "batch": 1}, {"n": 5, "batch": 3}, {"n": 5, "batch": 3, "order": 2})


def main():
    peers, failed = load_peers(), 0
    expected = [reference.answer(P.weights(c["n"]), P.inputs(c["n"], c["batch"]), P.cotangent(c["n"]), c.get("order", 1))
                for c in CELLS]
    with tempfile.TemporaryDirectory() as folder:
        for system in workload.SYSTEMS:
            missing = reason_missing(system, peers)
            if missing:
                print(f"{system.key:32} skipped: {missing}")
                continue
            worker, worst = Worker(system), 0.0
            for cell, right in zip(CELLS, expected):
                if cell.get("order", 1) not in system.orders:
                    continue
                out = Path(folder) / "out.npz"
                reply = worker.ask({"cell": cell, "probe": str(out)}, 120)
                if "failed" in reply:
                    print(f"{system.key:32} FAILED: {reply['failed']}")
                    worst = np.inf
                    break
                seen = np.load(out)
                for k, v in right.items():
                    worst = max(worst, float(np.abs(seen[k] - v).max() / max(1.0, np.abs(v).max())))
            worker.stop()
            failed += not worst <= TOLERANCE
            print(f"{system.key:32} {'agrees' if worst <= TOLERANCE else 'DISAGREES'}: {worst:.1e}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
