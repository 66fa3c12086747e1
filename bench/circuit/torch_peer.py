"""The circuit in PyTorch, eager:

    matrix    up to four qubits of a layer are one matrix product, as in jax_peer.py; the CNOT chain is one gather
    backprop  a PennyLane QNode on default.qubit, batched by broadcasting, differentiated by backprop
"""

from bench import harness

THREADS = harness.threads()

import torch  # noqa: E402

from bench.circuit import problem as P  # noqa: E402

GROUP = 4


def kron(a, b):
    return (a[:, None, :, None] * b[None, :, None, :]).reshape(len(a) * len(b), -1)


def one_qubit(angles):
    """RZ(b) RY(a) of angles [..., 2] as matrices [..., 2, 2]."""
    a, b = angles[..., 0] / 2, angles[..., 1] / 2
    c, s = torch.cos(a), torch.sin(a)
    up, down = torch.exp(-1j * b), torch.exp(1j * b)
    return torch.stack([torch.stack([up * c, -up * s], -1), torch.stack([down * s, down * c], -1)], -2)


def z_values(p, n):
    high = n // 2
    half = p.reshape(-1, 1 << high, 1 << (n - high))
    sign = lambda bits: (1.0 - 2 * (torch.arange(1 << bits)[:, None] >> torch.arange(bits - 1, -1, -1) & 1))
    return torch.cat([half.sum(2) @ sign(high), half.sum(1) @ sign(n - high)], 1)


def matrix_probabilities(n):
    chain = torch.from_numpy(P.chain(n)).long()

    def probabilities(w, x):
        c, s = torch.cos(x / 2), torch.sin(x / 2)
        qubit = torch.stack([c - s, c + s], -1) * 0.5**0.5
        state = qubit[:, 0]
        for q in range(1, n):
            state = (state[:, :, None] * qubit[:, q, None, :]).reshape(len(x), -1)
        state = state.to(torch.promote_types(state.dtype, torch.complex64))
        for layer in one_qubit(w):
            for q in range(0, n, GROUP):
                u = layer[q]
                for k in range(q + 1, min(q + GROUP, n)):
                    u = kron(u, layer[k])
                state = (u @ state.reshape(len(x) << q, len(u), -1)).reshape(len(x), -1)
            state = state[:, chain]
        return state.real**2 + state.imag**2

    return probabilities


def matrix(n):
    probabilities = matrix_probabilities(n)
    return lambda w, x: z_values(probabilities(w, x), n)


def backprop(n):
    import pennylane as qml

    @qml.qnode(qml.device("default.qubit", wires=n), interface="torch", diff_method="backprop")
    def circuit(w, x):
        for q in range(n):
            qml.Hadamard(q)
            qml.RY(x[:, q], wires=q)
        for layer in range(len(w)):
            for q in range(n):
                qml.RY(w[layer, q, 0], wires=q)
                qml.RZ(w[layer, q, 1], wires=q)
            for q in range(n - 1):
                qml.CNOT(wires=[q, q + 1])
        return [qml.expval(qml.PauliZ(q)) for q in range(n)]

    return lambda w, x: torch.stack(circuit(w, x), -1).to(torch.float32)


PROGRAMS = {"matrix": matrix, "backprop": backprop}


class Peer:
    def __init__(self, cell, program="matrix"):
        torch.set_num_threads(THREADS)
        n = cell["n"]
        self.outputs, self.c, self.order = PROGRAMS[program](n), torch.from_numpy(P.cotangent(n)), cell.get("order", 1)
        self.w = torch.from_numpy(P.weights(n)).requires_grad_()
        self.x = torch.from_numpy(P.inputs(n, cell["batch"])).requires_grad_()

    def step(self):
        loss = (self.outputs(self.w, self.x) * self.c).sum()
        if self.order == 2:
            slope, = torch.autograd.grad(loss, self.x, create_graph=True)
            loss = ((torch.sqrt((slope * slope).sum(1)) - 1) ** 2).mean()
        return loss, torch.autograd.grad(loss, (self.w, self.x))

    def answer(self):
        loss, (gw, gx) = self.step()
        return {"loss": loss.detach(), "w": gw, "x": gx}


if __name__ == "__main__":
    harness.serve(Peer)
