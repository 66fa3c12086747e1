"""Workload W1, what is computed: sizes, initial weights and noise, shared by all peers. numpy only.

One step is one critic update and one generator update, each with its own Adam (1e-4, 0.9, 0.999, 1e-8), in float32:

    critic     D = 1-64-64-1, leaky_relu 0.2;  loss mean D(fake) - mean D(real) + 0.1 mean (|dD/dx (mix)| - 1)^2,
               mix = eps real + (1 - eps) fake, real ~ N(0, 0.2), fake = G(z), z ~ N(0, 1)^2, eps ~ U(0, 1), all drawn anew
    generator  G = linear 2 -> 2, RX embedding, 2 layers of RY and RX on each qubit and CNOT(0, 1), <Z> of qubit 0;
               loss -mean D(G(z)) with the updated critic and new z

Weights: w1 [1,H] b1 [H] w2 [H,H] b2 [H] w3 [H,1] b3 [1] of the critic (x @ w + b); wg [2,2] bg [2] th [layer,qubit,RY|RX]
of the generator. Noise of one step: real [B,1] z [B,2] eps [B,1] z2 [B,2].
"""

import numpy as np

BATCH = 64
HIDDEN = 64
QUBITS = 2
LAYERS = 2
SLOPE = 0.2
PENALTY = 0.1
STD = 0.2
RATE, BETA1, BETA2, TINY = 1e-4, 0.9, 0.999, 1e-8

CRITIC = ("w1", "b1", "w2", "b2", "w3", "b3")
GENERATOR = ("wg", "bg", "th")


def weights(seed=1):
    """Initial weights as float32 arrays: linear layers uniform within 1/sqrt(inputs), circuit angles within 2 pi."""
    rng = np.random.default_rng(seed)

    def linear(inputs, *shape):
        return rng.uniform(-1, 1, shape) / np.sqrt(inputs)

    w = {
        "w1": linear(1, 1, HIDDEN), "b1": linear(1, HIDDEN),
        "w2": linear(HIDDEN, HIDDEN, HIDDEN), "b2": linear(HIDDEN, HIDDEN),
        "w3": linear(HIDDEN, HIDDEN, 1), "b3": linear(HIDDEN, 1),
        "wg": linear(QUBITS, 2, QUBITS), "bg": linear(QUBITS, QUBITS),
        "th": rng.uniform(0, 2 * np.pi, (LAYERS, QUBITS, 2)),
    }
    return {k: v.astype(np.float32) for k, v in w.items()}


def noise(seed=2):
    """The noise of one step as float32 arrays, for comparing the systems with each other."""
    rng = np.random.default_rng(seed)
    n = {
        "real": STD * rng.standard_normal((BATCH, 1)), "z": rng.standard_normal((BATCH, 2)),
        "eps": rng.uniform(0, 1, (BATCH, 1)), "z2": rng.standard_normal((BATCH, 2)),
    }
    return {k: v.astype(np.float32) for k, v in n.items()}
