#!/usr/bin/env python3
"""Losses over all pairs of rows of a minibatch, and minibatches joined along their rows, by PyTorch.

    python tests/peer/pairs.py

writes tests/golden/run/pairs.qgn (double, 1e-12) and pairs_single.qgn (single, 1e-5): the weights after each of nine steps
on 23 rows in minibatches of 8, 8 and 7, by PyTorch in double precision, with the comparison. Both sides make their numbers
of sines. Made with PyTorch 2.x.
"""
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)
ROWS, BATCH, EPOCHS = 23, 8, 3


def waves(rows, columns, speed, shift):
    k = torch.arange(rows * columns)
    return torch.sin(shift + speed * k).reshape(rows, columns)


def waves_text(rows, columns, speed, shift):
    n = rows * columns
    return f"reshape(sin(linspace({shift}, {shift + speed * (n - 1)!r}, {n})), {rows}, {columns})"


X, Z = (ROWS, 2, 1.3, 0.2), (ROWS, 3, 0.7, 0.9)
x, z = waves(*X), waves(*Z)


def kernel(a, b, widths):
    far = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist") ** 2
    return sum(torch.exp(-far / (2 * w**2)) for w in widths) / len(widths)


def mmd(a, b, widths, unbiased=False):
    aa, bb, ab = kernel(a, a, widths), kernel(b, b, widths), kernel(a, b, widths).mean()
    if not unbiased:
        return aa.mean() + bb.mean() - 2 * ab
    n = len(a)
    return (aa.sum() - n) / (n * (n - 1)) + (bb.sum() - n) / (n * (n - 1)) - 2 * ab


def apart(a, b):
    return torch.sqrt(((a[:, None] - b[None]) ** 2).sum(2) + 1e-12).mean()


def energy(a, b):
    return 2 * apart(a, b) - apart(a, a) - apart(b, b)


def contrast(a, b):  # each row of a knows its own row of b among all
    return -torch.log_softmax(a @ b.T, 1).diagonal().mean()


def penalty(a, b):  # second order: the gradient of a loss over pairs is in the loss
    g, = torch.autograd.grad(mmd(a, b, [1.0]), a, create_graph=True)
    return (g**2).sum()


# name, loss of made rows and given ones in qgn, the same here
LOSSES = [
    ("mmd_one", "mmd(G(z), x)", lambda a, b: mmd(a, b, [1.0])),
    ("mmd_three", "mmd(G(z), x, σ = [0.25, 1, 4])", lambda a, b: mmd(a, b, [0.25, 1.0, 4.0])),
    ("mmd_unbiased", "mmd(G(z), x, σ = [0.5, 2], unbiased = true)", lambda a, b: mmd(a, b, [0.5, 2.0], True)),
    ("energy", "energy_distance(G(z), x)", energy),
    ("contrast", "contrast(G(z), x)", contrast),
    ("penalty", "penalty(G(z), x)", penalty),
]


def steps(parameters, loss, lr):
    out = []
    for _ in range(EPOCHS):
        for first in range(0, ROWS, BATCH):
            rows = slice(first, first + BATCH)
            value = loss(x[rows], z[rows])
            grads = torch.autograd.grad(value, parameters)
            with torch.no_grad():
                for p, g in zip(parameters, grads):
                    p -= lr * g
            out.append(torch.cat([p.detach().flatten() for p in parameters]))
    return torch.stack(out)


def generator():
    w = torch.tensor([[0.5, -0.2, 0.1], [0.3, 0.4, -0.6]], requires_grad=True)
    b = torch.tensor([0.1, -0.3], requires_grad=True)
    return w, b, lambda z: torch.tanh(z @ w.T + b)


def critic():
    u = torch.tensor([[0.5, -0.4], [0.2, 0.3], [-0.6, 0.7]], requires_grad=True)
    scale, shift = torch.ones(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    v = torch.tensor([[0.7, -0.5, 0.9]], requires_grad=True)
    state = {"mean": torch.zeros(3), "var": torch.ones(3)}

    def d(x, training=True):
        h = torch.nn.functional.batch_norm(x @ u.T, state["mean"], state["var"], scale, shift, training=training)
        return torch.nn.functional.leaky_relu(h, 0.2) @ v.T
    return [u, v, scale, shift], d


def joined():
    parameters, d = critic()
    fake = lambda z: z[:, :2] * 0.5 + 0.3

    def loss(x, z):  # one pass over both, labels joined likewise, and its halves apart
        both = d(torch.cat([x, fake(z)]))
        labels = torch.cat([torch.ones(len(x), 1), torch.zeros(len(x), 1)])
        halves = torch.tanh(both[:len(x)]).mean() - torch.tanh(both[len(x):]).mean()
        return torch.nn.functional.binary_cross_entropy_with_logits(both, labels) - 0.1 * halves
    weights = steps(parameters, loss, 0.3)[:, :9]
    return weights, d(x, training=False).detach()  # by running statistics


HEAD = """## PyTorch's values of losses over all pairs of rows, made by tests/peer/pairs.py.
edition = 1
precision = "{precision}"
let data, noise = ({data}, {noise})
dataset d {{ columns(x = data, z = noise) }}
def far(a, b) = max(abs(a - b))
def contrast(a, b) = mean(logsumexp(matmul(a, transpose(b)), axis = 1) - sum(a * b, axis = 1))
def penalty(a, b) = sum(grad(mmd(a, b), a)^2)
"""

TRAIN = """
model G_{name}(z[3]) -> [2] {{
  param w[2, 3] = [[0.5, -0.2, 0.1], [0.3, 0.4, -0.6]]
  param b[2] = [0.1, -0.3]
  return tanh(matmul(w, z) + b)
}}
train {name}_fit {{
  data = d; batch = {batch}; epochs = {epochs}; shuffle = false
  optimizer G_{name} = sgd(0.5)
  step x[B, 2], z[B, 3] {{
    let made = G_{name}(z)
    minimize {loss} over G_{name}
    record w = concat(flatten(G_{name}.w), G_{name}.b)
  }}
}}
expect far({name}_fit.w, {want}) < {bound}
"""

JOINED = """
model D(x[2]) -> [1] {{
  param u[3, 2] = [[0.5, -0.4], [0.2, 0.3], [-0.6, 0.7]]
  param v[1, 3] = [[0.7, -0.5, 0.9]]
  matmul(u, it)
  batchnorm()
  leaky_relu(it, 0.2)
  matmul(v, it)
}}
train both_fit {{
  data = d; batch = {batch}; epochs = {epochs}; shuffle = false
  optimizer D = sgd(0.3)
  step x[B, 2], z[B, 3] {{
    let fake   = 0.5 * z[:, 0..2] + 0.3
    let both   = D(concat(x, fake))
    let labels = concat(fill(1.0, B, 1), fill(0.0, B, 1))
    let halves = mean(tanh(both[..B])) - mean(tanh(both[B..]))
    minimize bce_logits(both, labels) - 0.1 * halves over D
    record w = concat(flatten(D.u), flatten(D.v))
  }}
}}
expect far(both_fit.w, {want}) < {bound}
expect far(D(data), {running}) < {bound}
"""


def text(t):
    return "[" + ",\n  ".join("[" + ", ".join(repr(float(v)) for v in row) + "]" for row in t) + "]"


def main():
    folder = Path(__file__).parent.parent / "golden" / "run"
    for suffix, precision, bound in (("", "double", "1e-12"), ("_single", "single", "1e-5")):
        out = HEAD.format(precision=precision, data=waves_text(*X), noise=waves_text(*Z))
        for name, loss, here in LOSSES:
            w, b, g = generator()
            want = steps([w, b], lambda x, z: here(g(z), x), 0.5)
            loss = loss.replace("G(z)", "made")
            out += TRAIN.format(name=name, loss=loss, want=text(want), bound=bound, batch=BATCH, epochs=EPOCHS)
        want, running = joined()
        out += JOINED.format(want=text(want), running=text(running), bound=bound, batch=BATCH, epochs=EPOCHS)
        (folder / f"pairs{suffix}.qgn").write_text(out)


main()
