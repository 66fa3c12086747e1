"""Workload W8: a noisy circuit as density matrix, forward and gradient."""

from bench.systems import System

NOISY = "bench.w8.jax_peer"
SYSTEMS = [
    System("JAX, by hand, Pauli transfer", NOISY, ("transfer",), threads=1, peers=("jax",)),
    System("JAX, by hand, Pauli transfer", NOISY, ("transfer",), threads=2, peers=("jax",)),
    System("TensorCircuit-NG + JAX, density matrix", NOISY, ("tc",), threads=2, peers=("jax", "tensorcircuit")),
    System("PennyLane default.mixed + JAX, backprop", NOISY, ("mixed",), threads=2, peers=("jax", "pennylane")),
]

TITLE = ("4 qubits, the circuit of W2 with a depolarising channel (X, Y, Z with p/3 each, p = 0.01) behind every gate on every qubit "
         "that it touches, batch 32: forward and gradient in 24 weights and 128 inputs")
CELLS = [{"n": 4, "batch": 32}]
TRAIN = "bench"
QGN_THREADS = (1, 2)


def script(cell):
    return "bench/w8/w8.qgn"


def sets(cell):
    return [f"n={cell['n']}", f"batch={cell['batch']}"]
