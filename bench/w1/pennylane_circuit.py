"""The circuit of W1 in PennyLane's words: one sample (x [2]) or a batch (x [B, 2])."""

import pennylane as qml

from bench.w1 import problem as P


def circuit(x, th):
    qml.AngleEmbedding(x, wires=range(P.QUBITS), rotation="X")
    for layer in range(P.LAYERS):
        for q in range(P.QUBITS):
            qml.RY(th[layer, q, 0], wires=q)
            qml.RX(th[layer, q, 1], wires=q)
        qml.CNOT(wires=[0, 1])
    return qml.expval(qml.PauliZ(0))
