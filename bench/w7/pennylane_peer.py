"""W7 in PennyLane: default.qubit takes the batch at once (broadcasting), lightning.qubit a sample after the other."""

from bench import harness

harness.threads()

import numpy as np  # noqa: E402
import pennylane as qml  # noqa: E402

from bench.circuit import problem as P  # noqa: E402
from bench.w7.problem import SHOTS  # noqa: E402


class Peer:
    def __init__(self, cell, device):
        n = cell["n"]

        @qml.set_shots(SHOTS)
        @qml.qnode(qml.device(device, wires=n, seed=1), diff_method=None)
        def circuit(w, x):
            for q in range(n):
                qml.Hadamard(q)
                qml.RY(x[..., q], wires=q)
            for layer in range(P.LAYERS):
                for q in range(n):
                    qml.RY(w[layer, q, 0], wires=q)
                    qml.RZ(w[layer, q, 1], wires=q)
                for q in range(n - 1):
                    qml.CNOT(wires=[q, q + 1])
            return [qml.expval(qml.PauliZ(q)) for q in range(n)]

        self.circuit, self.batched = circuit, device == "default.qubit"
        self.w, self.x = P.weights(n), P.inputs(n, cell["batch"])

    def step(self):
        if self.batched:
            return np.stack(self.circuit(self.w, self.x), -1)
        return np.array([self.circuit(self.w, row) for row in self.x])

    def answer(self):
        return {"y": self.step()}


if __name__ == "__main__":
    harness.serve(Peer)
