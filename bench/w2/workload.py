"""Workload W2: one circuit of 8 qubits, batch 64, forward and gradient; and a gradient penalty through it (order 2)."""

from bench.circuit.systems import SYSTEMS  # noqa: F401

TITLE = ("8 qubits, H and RY of the inputs, 3 layers of RY, RZ and a CNOT chain, Z on all, batch 64: forward and gradient in 48 "
         "weights and 512 inputs (order 1); the gradients of a gradient penalty in the same (order 2)")
CELLS = [{"n": 8, "batch": 64}, {"n": 8, "batch": 64, "order": 2}]
TRAIN = "bench"
QGN_THREADS = (1, 2)


def script(cell):
    return "bench/w2/penalty.qgn" if cell.get("order", 1) == 2 else "bench/w2/w2.qgn"


def sets(cell):
    return [f"n={cell['n']}", f"batch={cell['batch']}"]
