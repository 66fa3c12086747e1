"""The circuit on PennyLane's lightning.qubit in single precision, adjoint method: a QNode for each sample, in a Python loop,
as its users write it. The weighted sum of outputs is one observable, which is cheaper for it than n of them."""

from bench import harness

harness.threads()

import numpy as np  # noqa: E402
import pennylane as qml  # noqa: E402
from pennylane import numpy as pnp  # noqa: E402

from bench.circuit import problem as P  # noqa: E402


class Peer:
    def __init__(self, cell):
        n = cell["n"]
        loss = qml.dot(P.cotangent(n).astype(float), [qml.PauliZ(q) for q in range(n)])

        @qml.qnode(qml.device("lightning.qubit", wires=n, c_dtype=np.complex64), diff_method="adjoint")
        def circuit(w, x):
            for q in range(n):
                qml.Hadamard(q)
                qml.RY(x[q], wires=q)
            for layer in range(P.LAYERS):
                for q in range(n):
                    qml.RY(w[layer, q, 0], wires=q)
                    qml.RZ(w[layer, q, 1], wires=q)
                for q in range(n - 1):
                    qml.CNOT(wires=[q, q + 1])
            return qml.expval(loss)

        self.w = pnp.array(P.weights(n), requires_grad=True)
        self.x = [pnp.array(row, requires_grad=True) for row in P.inputs(n, cell["batch"])]
        self.gradient = qml.grad(circuit)

    def step(self):
        total, gw, gx = 0.0, 0.0, []
        for row in self.x:
            dw, dx = self.gradient(self.w, row)
            total, gw = total + self.gradient.forward, gw + dw
            gx.append(dx)
        return total, (gw, np.array(gx))

    def answer(self):
        loss, (gw, gx) = self.step()
        return {"loss": loss, "w": gw, "x": gx}


if __name__ == "__main__":
    harness.serve(Peer)
