"""Workload W3: the circuit of W2 for other sizes and batches."""

from bench.circuit.systems import SYSTEMS  # noqa: F401
from bench.w2.workload import QGN_THREADS, TRAIN, script, sets  # noqa: F401

TITLE = "the circuit of W2 with n qubits, forward and gradient in all weights and inputs"
CELLS = [{"n": n, "batch": batch} for batch in (1, 32, 256) for n in range(2, 15, 2)]
CELLS += [{"n": n, "batch": 1} for n in (16, 20, 22)]
