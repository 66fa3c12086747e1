"""The circuit in Qulacs: a parametric circuit for each sample, the gradient of the weighted sum of outputs by its backprop
(reverse mode). Qulacs computes in double precision and has no other. Its outputs are read from the same state."""

from bench import harness

harness.threads()

import numpy as np  # noqa: E402
from qulacs import Observable, ParametricQuantumCircuit, QuantumState  # noqa: E402

from bench.circuit import problem as P  # noqa: E402


class Peer:
    def __init__(self, cell):
        n = self.n = cell["n"]
        self.w, self.x = P.weights(n).astype(np.float64), P.inputs(n, cell["batch"]).astype(np.float64)
        self.circuit = ParametricQuantumCircuit(n)
        for q in range(n):
            self.circuit.add_H_gate(q)
            self.circuit.add_parametric_RY_gate(q, 0.0)
        for _ in range(P.LAYERS):
            for q in range(n):
                self.circuit.add_parametric_RY_gate(q, 0.0)
                self.circuit.add_parametric_RZ_gate(q, 0.0)
            for q in range(n - 1):
                self.circuit.add_CNOT_gate(q, q + 1)
        self.loss = Observable(n)
        self.z = []
        for q, c in enumerate(P.cotangent(n)):
            self.loss.add_operator(float(c), f"Z {q}")
            z = Observable(n)
            z.add_operator(1.0, f"Z {q}")
            self.z.append(z)

    def step(self):
        """Rotations turn the other way round in Qulacs: exp(+i angle P / 2)."""
        total, gw, gx = 0.0, np.zeros(self.w.size), np.zeros(self.x.shape)
        shared = list(-self.w.reshape(-1))
        state = QuantumState(self.n)
        for b, row in enumerate(self.x):
            for i, angle in enumerate([*-row, *shared]):
                self.circuit.set_parameter(i, angle)
            state.set_zero_state()
            self.circuit.update_quantum_state(state)
            total += sum(float(c) * z.get_expectation_value(state) for c, z in zip(P.cotangent(self.n), self.z))
            g = -np.array(self.circuit.backprop(self.loss))
            gx[b] = g[: self.n]
            gw += g[self.n :]
        return total, (gw.reshape(self.w.shape), gx)

    def answer(self):
        loss, (gw, gx) = self.step()
        return {"loss": loss, "w": gw, "x": gx}


if __name__ == "__main__":
    harness.serve(Peer)
