"""The circuit of W2, W3 and W7 and what is computed of it: sizes, weights, inputs, shared by all peers. numpy only.

    H on all n qubits, RY(x[b, q]); three layers of RY(w[l, q, 0]), RZ(w[l, q, 1]) on each qubit q and CNOT(q, q + 1) for
    q = 0 .. n - 2; y[b, q] = <Z_q>, qubit 0 most significant; single precision

order 1: the loss sum_bq c[q] y[b, q] and its gradients in all weights and all inputs.
order 2: a gradient penalty, mean_b (|dS/dx[b]| - 1)^2 with S that sum, and its gradients in all weights and all inputs.
"""

import numpy as np

LAYERS = 3


def weights(n, seed=1):
    """Angles [layer, qubit, RY|RZ] as float32."""
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (LAYERS, n, 2)).astype(np.float32)


def inputs(n, batch, seed=2):
    """Angles [batch, qubit] as float32."""
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (batch, n)).astype(np.float32)


def cotangent(n):
    """The weight of each output, as float32."""
    return ((np.arange(n) + 1) / n).astype(np.float32)


def chain(n):
    """The CNOT chain as a permutation: amplitude k of the new state is amplitude chain[k] of the old one."""
    new = np.arange(1 << n, dtype=np.int32)
    return new ^ (new >> 1)
