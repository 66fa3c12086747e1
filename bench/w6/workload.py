"""Workload W6 for the driver: one step of a hybrid image classifier."""

from bench.systems import System

TITLE = "hybrid classifier step, batch 32 (images/problem.py): convolutions, circuit of 4 qubits"
SCRIPT = "bench/w6/w6.qgn"
TRAIN = "bench"
QGN_THREADS = (1, 2)

TORCH, JAX = "bench.images.torch_step", "bench.images.jax_step"

SYSTEMS = [
    System("JAX, jitted, circuit as Kronecker products", JAX, ("w6", "kron"), threads=1, peers=("jax",)),
    System("JAX, jitted, circuit as Kronecker products", JAX, ("w6", "kron"), peers=("jax",)),
    System("PyTorch, circuit as matrix products", TORCH, ("w6", "matrix"), peers=("torch",)),
    System("PyTorch, circuit as matrix products", TORCH, ("w6", "matrix"), threads=1, peers=("torch",)),
    System("PennyLane + PyTorch, backprop", TORCH, ("w6", "backprop"), peers=("torch", "pennylane")),
    System("PyTorch, purely classical twin", TORCH, ("w6", "twin"), peers=("torch",)),
    System("PyTorch, purely classical twin", TORCH, ("w6", "twin"), threads=1, peers=("torch",)),
    System("TensorCircuit-NG + JAX, jitted", JAX, ("w6", "tc"), peers=("jax", "tensorcircuit"), group="all"),
]
