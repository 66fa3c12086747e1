"""Workload W5 for the driver: one step of a convolutional VAE."""

from bench.systems import System

TITLE = "convolutional VAE step, batch 64 (images/problem.py)"
SCRIPT = "bench/w5/w5.qgn"
TRAIN = "bench"
QGN_THREADS = (1, 2)

TORCH, JAX = "bench.images.torch_step", "bench.images.jax_step"

SYSTEMS = [
    System("PyTorch, eager", TORCH, ("w5", "eager"), peers=("torch",)),
    System("PyTorch, eager", TORCH, ("w5", "eager"), threads=1, peers=("torch",)),
    System("PyTorch, torch.compile", TORCH, ("w5", "compile"), peers=("torch",)),
    System("PyTorch, torch.compile", TORCH, ("w5", "compile"), threads=1, peers=("torch",)),
    System("JAX, jitted", JAX, ("w5", "plain"), threads=1, peers=("jax",)),
    System("JAX, jitted", JAX, ("w5", "plain"), peers=("jax",)),
]
