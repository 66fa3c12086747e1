"""Do all systems of W4, W5 and W6 compute the same step? Run as `build/bench-env/bin/python -m bench.images.agree`.

Every installed system takes one whole step from the same weights with the same noise, through the code that is timed, and is
compared with the PyTorch program in double precision; JAX is the independent witness of that program. Losses and gradients to
2e-5 of the largest element or of 1, new weights to a fiftieth of one step of Adam where the gradient is not almost 0, that is, over
1e-4 of the largest or of 1 (Adam's first step is the sign of the gradient, of rounding errors where there is none).

qgn is compared, too: its script is run for one step, and the step it should have taken is computed from its own starting
weights and draws, which own.py makes from the seed as spec.md says.
Ends with status 1 if a system disagrees.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from bench import agreement
from bench.images import problem as P
from bench.images import torch_step, own
from bench.w4 import workload as w4
from bench.w5 import workload as w5
from bench.w6 import workload as w6

TOLERANCE = 2e-5
SMALL_GRADIENT = 1e-4


def reference(workload, twin, weights, noise):
    program = "twin" if twin else "eager" if workload == "w5" else "matrix"
    torch.set_default_dtype(torch.float64)
    step = torch_step.STEPS[workload](torch_step.Model(workload, program, weights, torch.float64))
    return torch_step.answer(step, noise, torch.float64)


def errors(workload, seen, expected):
    """The largest error of losses and gradients, relative to max(1, largest element), and of new weights in units of the rate."""
    grads, steps = (0.0, "-"), (0.0, "-")
    for name, value in expected.items():
        if name not in seen:
            continue
        kind, weight = name.split("/")
        error = np.abs(np.asarray(seen[name], np.float64) - value)
        if kind == "new":
            slope = np.abs(expected[f"grad/{weight}"])
            certain = slope > SMALL_GRADIENT * max(1.0, slope.max())
            steps = max(steps, (agreement.worst(error * certain) / P.RATE[workload], name))
        else:
            grads = max(grads, (agreement.error(seen[name], value), name))
    return grads, steps


def judge(key, workload, seen, expected):
    if isinstance(seen, str):
        return agreement.say(key, False, seen)
    grads, steps = errors(workload, seen, expected)
    good = grads[0] <= TOLERANCE and steps[0] <= 0.02
    return agreement.say(key, good, f"losses and gradients {grads[0]:.1e} ({grads[1]}), "
                                    f"new weights {steps[0]:.1e} steps ({steps[1]})")


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for workload in (w4, w5, w6):
            name = workload.__name__.split(".")[1]
            weights, noise, seen = own.step(name, workload.SCRIPT)
            failed += judge(f"qgn {name}", name, seen, reference(name, False, weights, noise))
            noise = P.noise(name)
            for system in agreement.installed(workload.SYSTEMS):
                twin = system.args[1] == "twin"
                weights = P.weights(name, twin)
                given, out = Path(folder) / "given.npz", Path(folder) / "out.npz"
                np.savez(given, **{f"w/{k}": v for k, v in weights.items()}, **{f"n/{k}": v for k, v in noise.items()})
                seen = agreement.step(system, given, out)
                failed += judge(system.key, name, seen, reference(name, twin, weights, noise))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
