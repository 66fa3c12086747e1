"""W7 in Qulacs (double precision): a parametric circuit for each sample, then QuantumState.sampling."""

from bench import harness

harness.threads()

import numpy as np  # noqa: E402

from bench.circuit import qulacs_peer as circuit  # noqa: E402
from bench.w7.problem import SHOTS  # noqa: E402


class Peer(circuit.Peer):
    def __init__(self, cell):
        super().__init__(cell)
        self.state = circuit.QuantumState(self.n)
        # qubit q is bit q of what is sampled
        self.sign = 1.0 - 2 * (np.arange(1 << self.n)[:, None] >> np.arange(self.n) & 1)

    def step(self):
        shared, y = list(-self.w.reshape(-1)), np.zeros(self.x.shape)
        for b, row in enumerate(self.x):
            for i, angle in enumerate([*-row, *shared]):
                self.circuit.set_parameter(i, angle)
            self.state.set_zero_state()
            self.circuit.update_quantum_state(self.state)
            y[b] = self.sign[self.state.sampling(SHOTS)].mean(0)
        return y

    def answer(self):
        return {"y": self.step()}


if __name__ == "__main__":
    harness.serve(Peer)
