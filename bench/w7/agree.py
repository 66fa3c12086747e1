"""Do all systems of W7 sample the same? Run as `build/bench-env/bin/python -m bench.w7.agree`.

Every installed system gives its means for a small cell through the code that is timed; each has to be within six standard errors of
the exact value (reference.py: numpy, double), and they may not all be nearer than a means of so many shots can be.
"""

import sys
import tempfile

import numpy as np

from bench import agreement
from bench.circuit import problem as P
from bench.circuit import reference
from bench.w7 import workload
from bench.w7.problem import SHOTS

CELL = {"n": 5, "batch": 16}


def main():
    exact = reference.outputs(P.weights(5), P.inputs(5, 16))
    error = np.sqrt((1 - exact**2).clip(1e-6) / SHOTS)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for system in agreement.installed(workload.SYSTEMS):
            found = agreement.cells(system, [CELL], folder)
            if isinstance(found, str):
                failed += agreement.say(system.key, False, found)
                continue
            off = np.abs(found[0]["y"] - exact) / error
            fine = off.max() <= 6 and 0.5 <= off.mean() <= 1.1  # the mean of |normal| is 0.8
            failed += agreement.say(system.key, fine, f"standard errors off, largest {off.max():.1f}, mean {off.mean():.2f}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
