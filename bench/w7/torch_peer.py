"""W7 in PyTorch, eager: the states of bench/circuit/torch_peer.py, shots by torch.multinomial."""

from bench import harness

THREADS = harness.threads()

import torch  # noqa: E402

from bench.circuit import problem as P  # noqa: E402
from bench.circuit import torch_peer as circuit  # noqa: E402
from bench.w7.problem import SHOTS  # noqa: E402


class Peer:
    def __init__(self, cell):
        torch.set_num_threads(THREADS)
        torch.manual_seed(1)
        n = cell["n"]
        self.probabilities = circuit.matrix_probabilities(n)
        self.sign = 1.0 - 2 * (torch.arange(1 << n)[:, None] >> torch.arange(n - 1, -1, -1) & 1)
        self.w, self.x = torch.from_numpy(P.weights(n)), torch.from_numpy(P.inputs(n, cell["batch"]))

    @torch.no_grad()
    def step(self):
        p = self.probabilities(self.w, self.x)
        found = torch.multinomial(p, SHOTS, replacement=True)
        counts = torch.zeros_like(p).scatter_add_(1, found, torch.ones(found.shape))
        return counts @ self.sign / SHOTS

    def answer(self):
        return {"y": self.step()}


if __name__ == "__main__":
    harness.serve(Peer)
