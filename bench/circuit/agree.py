"""Do all systems of W2 and W3 compute the same? Run as `build/bench-env/bin/python -m bench.circuit.agree`.

Every installed system evaluates small cells through the code that is timed and is compared with reference.py (numpy, double):
loss and gradients to 2e-5 of the largest element or of 1. Ends with status 1 if a system disagrees.
"""

import sys
import tempfile

from bench import agreement
from bench.circuit import problem as P
from bench.circuit import reference
from bench.w2 import workload

TOLERANCE = 2e-5
CELLS = ({"n": 2, "batch": 1}, {"n": 5, "batch": 3}, {"n": 5, "batch": 3, "order": 2})


def main():
    expected = [reference.answer(P.weights(c["n"]), P.inputs(c["n"], c["batch"]), P.cotangent(c["n"]), c.get("order", 1))
                for c in CELLS]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for system in agreement.installed(workload.SYSTEMS):
            found = agreement.cells(system, CELLS, folder)
            if isinstance(found, str):
                failed += agreement.say(system.key, False, found)
                continue
            worst = max(agreement.error(seen[k], v) for seen, right in zip(found, expected) if seen for k, v in right.items())
            failed += agreement.say(system.key, worst <= TOLERANCE, f"{worst:.1e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
