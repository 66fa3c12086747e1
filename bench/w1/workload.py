"""Workload W1 for the driver: its title, its qgn script and the systems measured. One line per row of the table."""

from bench.systems import System

TITLE = "one training step of document 001 (WGAN-GP, 2-qubit generator, batch 64): one critic and one generator update"
SCRIPT = "bench/w1/w1.qgn"
TRAIN = "qgan"
QGN_THREADS = (1, 2)

STEP = "bench.w1.torch_step"
PER = "bench.w1.jax_per_step"
SCAN = "bench.w1.jax_scan"

SYSTEMS = [
    System("JAX, whole loop in lax.scan", SCAN, threads=1, peers=("jax",)),
    System("JAX, whole loop in lax.scan", SCAN, threads=2, peers=("jax",)),
    System("JAX, jitted per step", PER, ("statevector",), threads=1, peers=("jax",)),
    System("JAX, jitted per step", PER, ("statevector",), threads=2, peers=("jax",)),
    System("PennyLane + JAX, jitted per step", PER, ("pennylane",), threads=2, peers=("jax", "pennylane")),
    System("PyTorch, matrix products by hand", STEP, ("matrix",), threads=1, peers=("torch",)),
    System("PyTorch, matrix products by hand", STEP, ("matrix",), threads=2, peers=("torch",)),
    System("PennyLane + PyTorch, backprop", STEP, ("backprop",), threads=2, peers=("torch", "pennylane")),
    System("document 001's set-up: PennyLane + PyTorch, parameter shift, a loop over the batch", STEP, ("shift",), threads=2,
           peers=("torch", "pennylane")),
    System("PennyLane lightning + PyTorch, adjoint, a loop over the batch", STEP, ("adjoint",), threads=2,
           peers=("torch", "pennylane"), group="all"),
    System("TensorCircuit-NG + JAX, jitted per step", PER, ("tensorcircuit",), threads=2, peers=("jax", "tensorcircuit"),
           group="all"),
    System("TorchQuantum", STEP, ("torchquantum",), threads=2, peers=("torch", "torchquantum"), group="all"),
]
