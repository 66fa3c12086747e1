"""The peers of the circuit workloads, one line per row of their tables."""

from bench.systems import System

JAX = "bench.circuit.jax_peer"
TORCH = "bench.circuit.torch_peer"
BOTH = (1, 2)

SYSTEMS = [
    System("JAX, by hand, Kronecker products", JAX, ("kron",), threads=1, peers=("jax",), orders=BOTH),
    System("JAX, by hand, Kronecker products", JAX, ("kron",), threads=2, peers=("jax",), orders=BOTH),
    System("JAX, by hand, gate by gate", JAX, ("gates",), threads=2, peers=("jax",), orders=BOTH),
    System("TensorCircuit-NG + JAX", JAX, ("tc",), threads=2, peers=("jax", "tensorcircuit"), orders=BOTH),
    System("PyTorch, by hand, Kronecker products", TORCH, ("matrix",), threads=1, peers=("torch",), orders=BOTH),
    System("PyTorch, by hand, Kronecker products", TORCH, ("matrix",), threads=2, peers=("torch",), orders=BOTH),
    System("Qulacs, backprop, a loop over the batch", "bench.circuit.qulacs_peer", threads=2, peers=("qulacs",)),
    System("PennyLane + PyTorch, backprop", TORCH, ("backprop",), threads=2, peers=("torch", "pennylane"), orders=BOTH),
    System("PennyLane lightning, adjoint, a loop over the batch", "bench.circuit.lightning_peer", threads=2,
           peers=("pennylane",)),
]
