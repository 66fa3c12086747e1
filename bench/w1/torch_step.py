"""W1 in PyTorch, eager, for several generators:

    matrix    the circuit as batched matrix products, written by hand
    backprop  a PennyLane QNode on default.qubit, batched by broadcasting, differentiated by backprop
    shift     document 001's set-up: a QNode per sample in a Python loop, parameter shift
    adjoint   as `shift`, on lightning.qubit with the adjoint method
    torchquantum  the circuit in TorchQuantum, batched
"""

from bench import harness

THREADS = harness.threads()

import torch  # noqa: E402
from torch import nn  # noqa: E402

from bench.w1 import problem as P  # noqa: E402

CNOT = torch.eye(4)[[0, 1, 3, 2]].to(torch.complex64)


def one_qubit(a, b):
    """RX(b) RY(a) as a 2x2 complex matrix."""
    ca, sa, cb, sb = torch.cos(a / 2), torch.sin(a / 2), torch.cos(b / 2), torch.sin(b / 2)
    ry = torch.stack([ca, -sa, sa, ca]).reshape(2, 2).to(torch.complex64)
    rx = torch.stack([torch.complex(cb, 0 * sb), torch.complex(0 * sb, -sb)])
    return torch.stack([rx, rx.flip(0)]) @ ry


def matrix_circuit(x, th):
    """<Z> of qubit 0 of a batch: product state of the embedding, then one 4x4 unitary for the rest."""
    u = torch.eye(4, dtype=torch.complex64)
    for layer in range(P.LAYERS):
        u = CNOT @ torch.kron(one_qubit(*th[layer, 0]), one_qubit(*th[layer, 1])) @ u
    c, s = torch.cos(x / 2), torch.sin(x / 2)
    qubit = torch.stack([torch.complex(c, 0 * s), torch.complex(0 * c, -s)], -1)
    state = (qubit[:, 0, :, None] * qubit[:, 1, None, :]).reshape(-1, 4) @ u.T
    p = state.real**2 + state.imag**2
    return p[:, 0] + p[:, 1] - p[:, 2] - p[:, 3]


def qnode(device, method):
    import pennylane as qml

    from bench.w1.pennylane_circuit import circuit

    return qml.QNode(circuit, qml.device(device, wires=P.QUBITS), interface="torch", diff_method=method)


def looped(node):
    return lambda x, th: torch.stack([node(row, th) for row in x])


def torchquantum_circuit(x, th):
    import torchquantum as tq
    import torchquantum.functional as tqf

    dev = tq.QuantumDevice(n_wires=P.QUBITS, bsz=x.shape[0])
    for q in range(P.QUBITS):
        tqf.rx(dev, wires=q, params=x[:, q])
    for layer in range(P.LAYERS):
        for q in range(P.QUBITS):
            tqf.ry(dev, wires=q, params=th[layer, q, 0])
            tqf.rx(dev, wires=q, params=th[layer, q, 1])
        tqf.cnot(dev, wires=[0, 1])
    return tq.MeasureAll(tq.PauliZ)(dev)[:, 0]


CIRCUITS = {
    "matrix": lambda: matrix_circuit,
    "backprop": lambda: qnode("default.qubit", "backprop"),
    "shift": lambda: looped(qnode("default.qubit", "parameter-shift")),
    "adjoint": lambda: looped(qnode("lightning.qubit", "adjoint")),
    "torchquantum": lambda: torchquantum_circuit,
}
BLOCKS = {"matrix": 20, "backprop": 5, "torchquantum": 5, "adjoint": 1, "shift": 1}


class Generator(nn.Module):
    def __init__(self, circuit):
        super().__init__()
        self.linear = nn.Linear(2, P.QUBITS)
        self.th = nn.Parameter(torch.zeros(P.LAYERS, P.QUBITS, 2))
        self.circuit = circuit

    def forward(self, z):
        return self.circuit(self.linear(z), self.th).to(torch.float32)[:, None]


class Eager:
    NOTE = "eager"

    def __init__(self, circuit="matrix"):
        torch.set_num_threads(THREADS)
        self.BLOCK = BLOCKS[circuit]
        self.generator = Generator(CIRCUITS[circuit]())
        h = P.HIDDEN
        self.critic = nn.Sequential(nn.Linear(1, h), nn.LeakyReLU(P.SLOPE), nn.Linear(h, h), nn.LeakyReLU(P.SLOPE),
                                    nn.Linear(h, 1))

    def named(self):
        """The parameters by the names of problem.py; torch keeps a linear layer's matrix transposed."""
        c, g = self.critic, self.generator
        return {"w1": c[0].weight, "b1": c[0].bias, "w2": c[2].weight, "b2": c[2].bias, "w3": c[4].weight,
                "b3": c[4].bias, "wg": g.linear.weight, "bg": g.linear.bias, "th": g.th}

    def setup(self, weights):
        torch.manual_seed(1)
        with torch.no_grad():
            for k, p in self.named().items():
                p.copy_(torch.from_numpy(weights[k].T if k[0] == "w" else weights[k]))
        betas = (P.BETA1, P.BETA2)
        self.dopt = torch.optim.Adam(self.critic.parameters(), P.RATE, betas, P.TINY, fused=True)
        self.gopt = torch.optim.Adam(self.generator.parameters(), P.RATE, betas, P.TINY, fused=True)

    def compile(self):
        return 0.0

    @staticmethod
    def update(loss, parameters, optimizer):
        """One Adam step on exactly these parameters; returns their gradients."""
        parameters = list(parameters)
        grads = torch.autograd.grad(loss, parameters)
        for p, g in zip(parameters, grads):
            p.grad = g
        optimizer.step()

    def step(self, real, z, eps, z2):
        with torch.no_grad():
            fake = self.generator(z)
        out = self.critic(torch.cat([fake, real]))
        mix = (eps * real + (1 - eps) * fake).requires_grad_()
        slope, = torch.autograd.grad(self.critic(mix).sum(), mix, create_graph=True)
        penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
        dloss = out[: P.BATCH].mean() - out[P.BATCH :].mean() + P.PENALTY * penalty
        self.update(dloss, self.critic.parameters(), self.dopt)
        gloss = -self.critic(self.generator(z2)).mean()
        self.update(gloss, self.generator.parameters(), self.gopt)
        return dloss, gloss

    def block(self, n):
        b = P.BATCH
        for _ in range(n):
            self.step(P.STD * torch.randn(b, 1), torch.randn(b, 2), torch.rand(b, 1), torch.randn(b, 2))

    def probe(self, noise):
        dloss, gloss = self.step(*(torch.from_numpy(noise[k]) for k in ("real", "z", "eps", "z2")))
        out = {"loss/critic": dloss.detach().numpy(), "loss/generator": gloss.detach().numpy()}
        for k, p in self.named().items():
            turn = (lambda a: a.numpy().T) if k[0] == "w" else (lambda a: a.numpy())
            out |= {f"grad/{k}": turn(p.grad), f"new/{k}": turn(p.detach())}
        return out


if __name__ == "__main__":
    harness.main(Eager, P.weights)
