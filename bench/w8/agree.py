"""Do all systems of W8 compute the same? Run as `build/bench-env/bin/python -m bench.w8.agree`.

Every installed system evaluates a small cell through the code that is timed; loss and gradients have to be those of a numpy program
in double precision: density matrices by Kraus operators, gradients by parameter shift, which is exact here.
"""

import sys
import tempfile

import numpy as np

from bench import agreement
from bench.circuit import problem as P
from bench.w8 import workload

TOLERANCE = 2e-5
STRENGTH = 0.01
CELL = {"n": 3, "batch": 2}
PAULI = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1.0, -1])]


def on(m, q, n):
    """A matrix on qubits q, q + 1, ... of n."""
    size = int(np.log2(len(m)))
    return np.kron(np.kron(np.eye(1 << q), m), np.eye(1 << (n - q - size)))


def value(w, x, c):
    """sum c <Z> of one sample."""
    n = len(x)
    rho = np.zeros((1 << n, 1 << n), complex)
    rho[0, 0] = 1

    def gate(m, *qubits):
        nonlocal rho
        u = on(m, qubits[0], n)
        rho = u @ rho @ u.conj().T
        for q in qubits:
            weights = [1 - STRENGTH] + 3 * [STRENGTH / 3]
            rho = sum(k * on(p, q, n) @ rho @ on(p, q, n) for k, p in zip(weights, PAULI))

    turn = lambda a, p: np.cos(a / 2) * PAULI[0] - 1j * np.sin(a / 2) * PAULI[p]
    for q in range(n):
        gate((PAULI[1] + PAULI[3]) / np.sqrt(2), q)
        gate(turn(x[q], 2), q)
    for layer in w:
        for q in range(n):
            gate(turn(layer[q, 0], 2), q)
            gate(turn(layer[q, 1], 3), q)
        for q in range(n - 1):
            gate(np.eye(4)[[0, 1, 3, 2]], q, q + 1)
    return sum(c[q] * np.trace(on(PAULI[3], q, n) @ rho).real for q in range(n))


def shifted(f, a):
    g = np.zeros(a.size)
    for i in range(a.size):
        e = np.zeros(a.size)
        e[i] = np.pi / 2
        g[i] = (f(a + e.reshape(a.shape)) - f(a - e.reshape(a.shape))) / 2
    return g.reshape(a.shape)


def main():
    w, x, c = (a.astype(np.float64) for a in (P.weights(3), P.inputs(3, 2), P.cotangent(3)))
    right = {"loss": sum(value(w, row, c) for row in x), "w": sum(shifted(lambda v: value(v, row, c), w) for row in x),
             "x": np.array([shifted(lambda v: value(w, v, c), row) for row in x])}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for system in agreement.installed(workload.SYSTEMS):
            found = agreement.cells(system, [CELL], folder)
            if isinstance(found, str):
                failed += agreement.say(system.key, False, found)
                continue
            worst = max(agreement.error(found[0][k], v) for k, v in right.items())
            failed += agreement.say(system.key, worst <= TOLERANCE, f"{worst:.1e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
