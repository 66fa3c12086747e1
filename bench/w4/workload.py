"""Workload W4 for the driver: one step of a quantum GAN on images."""

from bench.systems import System

TITLE = "quantum GAN step, batch 64 (images/problem.py): circuit of 8 qubits, deconvolutions, convolutions; one D and one G update"
SCRIPT = "bench/w4/w4.qgn"
TRAIN = "bench"
QGN_THREADS = (1, 2)

TORCH, JAX = "bench.images.torch_step", "bench.images.jax_step"

SYSTEMS = [
    System("PyTorch, circuit as matrix products", TORCH, ("w4", "matrix"), peers=("torch",)),
    System("PyTorch, circuit as matrix products", TORCH, ("w4", "matrix"), threads=1, peers=("torch",)),
    System("JAX, jitted, circuit as Kronecker products", JAX, ("w4", "kron"), threads=1, peers=("jax",)),
    System("JAX, jitted, circuit as Kronecker products", JAX, ("w4", "kron"), peers=("jax",)),
    System("PennyLane + PyTorch, backprop", TORCH, ("w4", "backprop"), peers=("torch", "pennylane")),
    System("PyTorch, purely classical twin", TORCH, ("w4", "twin"), peers=("torch",)),
    System("PyTorch, purely classical twin", TORCH, ("w4", "twin"), threads=1, peers=("torch",)),
    System("TensorCircuit-NG + JAX, jitted", JAX, ("w4", "tc"), peers=("jax", "tensorcircuit"), group="all"),
]
