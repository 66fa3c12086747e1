"""Workload W7: the circuit of W2, forward, with finite shots."""

from bench.systems import System

SYSTEMS = [
    System("JAX, by hand, Kronecker products", "bench.w7.jax_peer", ("kron",), threads=1, peers=("jax",)),
    System("JAX, by hand, Kronecker products", "bench.w7.jax_peer", ("kron",), threads=2, peers=("jax",)),
    System("TensorCircuit-NG + JAX", "bench.w7.jax_peer", ("tc",), threads=2, peers=("jax", "tensorcircuit")),
    System("PyTorch, by hand, Kronecker products", "bench.w7.torch_peer", threads=2, peers=("torch",)),
    System("Qulacs, a loop over the batch", "bench.w7.qulacs_peer", threads=2, peers=("qulacs",)),
    System("PennyLane default.qubit, batched", "bench.w7.pennylane_peer", ("default.qubit",), threads=2, peers=("pennylane",)),
    System("PennyLane lightning, a loop over the batch", "bench.w7.pennylane_peer", ("lightning.qubit",), threads=2,
           peers=("pennylane",)),
]

TITLE = ("the circuit of W2 (8 qubits, batch 64), forward only: Z on all qubits as means of 1024 shots of each sample, new shots "
         "in every step")
CELLS = [{"n": 8, "batch": 64}]
TRAIN = "bench"
QGN_THREADS = (1, 2)


def script(cell):
    return "bench/w7/w7.qgn"


def sets(cell):
    return [f"n={cell['n']}", f"batch={cell['batch']}"]
