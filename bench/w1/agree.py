"""Do all systems of W1 compute the same step? Run as `build/bench-env/bin/python -m bench.w1.agree`.

Every installed system takes one whole step from the same weights with the same noise, through the code that is timed, and
is compared with reference.py (numpy, double, differences): both losses and all gradients to 1e-5 of the largest element or
of 1, and the new weights to 2e-6, a fiftieth of one Adam step.

Weights whose gradient is below 1e-5 are left out of the last comparison: where the true gradient is 0, Adam's first step is
made of rounding errors alone (biases of units which all samples leave on one side; measured: up to 2.7e-5). For the same
reason the reference computes the generator's half of the step with the system's own new critic.
Ends with status 1 if a system disagrees.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from bench import agreement
from bench.w1 import problem, reference, workload

TOLERANCE = 1e-5
STEP_TOLERANCE = 2e-6
SMALL_GRADIENT = 1e-5


def differences(seen, expected):
    """The largest error of losses and gradients, relative to max(1, largest element), and of the new weights, with names."""
    grads, steps = (0.0, "-"), (0.0, "-")
    for name, value in expected.items():
        kind, weight = name.split("/")
        error = np.abs(seen[name].astype(np.float64) - value)
        if kind == "new":
            certain = np.abs(expected[f"grad/{weight}"]) > SMALL_GRADIENT
            steps = max(steps, (agreement.worst(error * certain), name))
        else:
            grads = max(grads, (agreement.error(seen[name], value), name))
    return grads, steps


def main():
    weights, noise = problem.weights(), problem.noise()
    critic_half = reference.critic_update(weights, noise)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.npz"
        np.savez(given, **{f"w/{k}": v for k, v in weights.items()}, **{f"n/{k}": v for k, v in noise.items()})
        for system in agreement.installed(workload.SYSTEMS):
            seen = agreement.step(system, given, Path(folder) / "out.npz")
            if isinstance(seen, str):
                failed += agreement.say(system.key, False, seen)
                continue
            critic = {k: seen[f"new/{k}"] for k in problem.CRITIC}
            grads, steps = differences(seen, critic_half | reference.generator_update(weights, critic, noise))
            good = grads[0] <= TOLERANCE and steps[0] <= STEP_TOLERANCE
            failed += agreement.say(system.key, good, f"losses and gradients {grads[0]:.1e} ({grads[1]}), "
                                                      f"new weights {steps[0]:.1e} ({steps[1]})")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
