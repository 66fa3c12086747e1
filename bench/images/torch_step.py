"""W4, W5 and W6 in PyTorch: `torch_step WORKLOAD PROGRAM`.

    matrix    the circuit as matrix products, written by hand (bench/circuit/torch_peer.py); eager
    backprop  the circuit as a PennyLane QNode on default.qubit, batched, differentiated by backprop; eager
    twin      the purely classical model of the same size
    eager     w5
    compile   w5, the loss under torch.compile
"""

from bench import harness

THREADS = harness.threads()

import time  # noqa: E402

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

from bench.circuit import torch_peer  # noqa: E402
from bench.images import problem as P  # noqa: E402

QUBITS = {"w4": 8, "w6": 4}


class Model:
    """The weights of a workload and its layers as functions of them."""

    def __init__(self, workload, program, weights, dtype=torch.float32):
        self.w = {k: torch.from_numpy(v).to(dtype).requires_grad_() for k, v in weights.items()}
        self.angles = torch_peer.PROGRAMS[program](QUBITS[workload]) if program in torch_peer.PROGRAMS else None

    def of(self, layer):
        return self.w[f"{layer}.weight"], self.w[f"{layer}.bias"]

    def linear(self, layer, x):
        return F.linear(x, *self.of(layer))

    def conv(self, layer, x, stride=2, pad=1):
        return F.conv2d(x, *self.of(layer), stride, pad)

    def deconv(self, layer, x, out_pad=0):
        return F.conv_transpose2d(x, *self.of(layer), 2, 1, out_pad)

    def circuit(self, x):
        if self.angles is None:
            return torch.tanh(self.linear("circuit", x))
        return self.angles(self.w["circuit.weight"], x).to(x.dtype)


class Step:
    """One step of a workload: losses(noise) are called one after the other, each followed by its update."""

    def __init__(self, model, compiled=False):
        self.m = model
        self.optimizers, self.loss = {}, {}
        for part, names in self.parts().items():
            self.optimizers[part] = torch.optim.Adam([model.w[n] for n in names], P.RATE[self.NAME], (P.BETA1, P.BETA2), P.TINY,
                                                     fused=True)
        if compiled:
            self.whole = torch.compile(self.whole)

    def parts(self):
        return {"all": list(self.m.w)}

    def update(self, part, loss):
        names = self.parts()[part]
        grads = torch.autograd.grad(loss, [self.m.w[n] for n in names], retain_graph=part == "D")
        for n, g in zip(names, grads):
            self.m.w[n].grad = g.contiguous()  # torch.compile lays some out otherwise, and fused Adam goes by memory
        self.optimizers[part].step()
        self.loss[part] = loss.detach()

    def run(self, noise):
        self.update("all", self.whole(noise))


class Gan(Step):
    NAME = "w4"

    def parts(self):
        d = [n for n in self.m.w if n.split(".")[0] in P.DISCRIMINATOR]
        return {"D": d, "G": [n for n in self.m.w if n not in d]}

    def generator(self, z):
        m = self.m
        h = m.deconv("up1", m.linear("project", m.circuit(z)).reshape(-1, 64, 7, 7))
        h = F.batch_norm(h, self.mean, self.variance, *m.of("norm"), training=True, momentum=0.1, eps=P.MEAN_EPS)
        return torch.tanh(m.deconv("up2", torch.relu(h)))

    @staticmethod
    def drop(x, given):
        return F.dropout(x, P.DROP) if given is None else x * (given >= P.DROP) / (1 - P.DROP)

    def discriminator(self, x, noise, use):
        m = self.m
        h = self.drop(F.leaky_relu(m.conv("down1", x), P.SLOPE), noise.get(f"{use}1"))
        h = self.drop(F.leaky_relu(m.conv("down2", h), P.SLOPE), noise.get(f"{use}2"))
        return m.linear("judge", h.flatten(1))

    def run(self, noise):
        one, zero = (f(len(noise["z"]), 1, dtype=noise["z"].dtype) for f in (torch.ones, torch.zeros))
        bce = F.binary_cross_entropy_with_logits
        fake = self.generator(noise["z"])
        self.update("D", bce(self.discriminator(noise["x"], noise, "real"), one)
                    + bce(self.discriminator(fake.detach(), noise, "fake"), zero))
        self.update("G", bce(self.discriminator(fake, noise, "again"), one))

    def __init__(self, model, compiled=False):
        super().__init__(model, compiled)
        dtype = next(iter(model.w.values())).dtype
        self.mean, self.variance = torch.zeros(32, dtype=dtype), torch.ones(32, dtype=dtype)

    @staticmethod
    def draw():
        b = P.BATCH["w4"]
        return {"x": torch.rand(b, 1, 28, 28).mul_(2).sub_(1), "z": torch.randn(b, 8)}


class Vae(Step):
    NAME = "w5"

    def whole(self, noise):
        m, x = self.m, noise["x"]
        h = x
        for layer in ("conv1", "conv2", "conv3"):
            h = torch.relu(m.conv(layer, h))
        h = h.flatten(1)
        mu, logvar = m.linear("mu", h), m.linear("logvar", h)
        h = torch.relu(m.linear("project", mu + torch.exp(logvar / 2) * noise["eps"])).reshape(-1, 128, 4, 4)
        h = torch.relu(m.deconv("up1", h))
        y = m.deconv("up3", torch.relu(m.deconv("up2", h, 1)), 1)
        return (F.binary_cross_entropy_with_logits(y, x, reduction="sum")
                - 0.5 * torch.sum(1 + logvar - mu * mu - torch.exp(logvar))) / len(x)

    @staticmethod
    def draw():
        b = P.BATCH["w5"]
        return {"x": torch.rand(b, 1, 28, 28), "eps": torch.randn(b, P.LATENT)}


class Classifier(Step):
    NAME = "w6"

    def whole(self, noise):
        m, h = self.m, noise["x"]
        for layer in ("conv1", "conv2"):
            h = F.max_pool2d(torch.relu(m.conv(layer, h, 1)), 2)
        return F.cross_entropy(m.linear("judge", m.circuit(m.linear("angles", h.flatten(1)))), noise["y"].long())

    @staticmethod
    def draw():
        b = P.BATCH["w6"]
        return {"x": torch.rand(b, 1, 28, 28), "y": torch.randint(0, P.CLASSES, (b,))}


STEPS = {s.NAME: s for s in (Gan, Vae, Classifier)}
BLOCKS = {"w4": 2, "w5": 2, "w6": 10}


class Peer:
    NOTE = ""

    def __init__(self, workload, program="eager"):
        torch.set_num_threads(THREADS)
        torch.manual_seed(1)
        self.workload, self.program, self.BLOCK = workload, program, BLOCKS[workload]

    def setup(self, weights):
        model = Model(self.workload, self.program, weights)
        self.step = STEPS[self.workload](model, self.program == "compile")

    def compile(self):
        begin = time.perf_counter()
        if self.program == "compile":
            self.block(2)
            return time.perf_counter() - begin
        return 0.0

    def block(self, n):
        for _ in range(n):
            self.step.run(self.step.draw())

    def probe(self, noise):
        return answer(self.step, noise)


def answer(step, noise, dtype=torch.float32):
    """One step with the given noise as {"loss/..", "grad/..", "new/.."}."""
    step.run({k: torch.from_numpy(v).to(dtype) for k, v in noise.items()})
    out = {f"loss/{k}": v.numpy() for k, v in step.loss.items()}
    for k, p in step.m.w.items():
        out |= {f"grad/{k}": p.grad.numpy(), f"new/{k}": p.detach().numpy()}
    return out


if __name__ == "__main__":
    import sys

    workload, program = sys.argv[1:3]
    harness.main(Peer, lambda: P.weights(workload, program == "twin"))
