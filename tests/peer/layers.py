#!/usr/bin/env python3
"""Ten steps of training of networks made of every layer, activation and loss by PyTorch, as a script that compares.

    python tests/peer/layers.py

writes tests/golden/run/layers_peer.qgn (double, 1e-12) and layers_peer_single.qgn (single, 1e-5). Starting weights,
inputs and dropout masks are the ones that qgn draws: `uniform`, `normal` and `key` compute them as docs/engine.md,
section 7, defines them, and everything else is PyTorch's, in double precision. Made with PyTorch 2.x.
"""
import hashlib
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
STEPS, ROWS = 10, 6


# ---- random numbers as qgn counts them ----------------------------------------------------------
def key(path):
    return int.from_bytes(hashlib.sha256(f"0/{path}".encode()).digest()[:8], "big")


def philox(k, c):
    k0, k1 = k & 0xFFFFFFFF, k >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def words(path, shape, t):
    rows, size = (shape[0], math.prod(shape[1:])) if shape else (1, 1)
    out = np.zeros((rows, size + size % 2))
    k = key(path)
    for i in range(rows):
        for b in range((size + 3) // 4):
            for j, w in enumerate(philox(k, [b, i, t, 0])):
                if 4 * b + j < out.shape[1]:
                    out[i, 4 * b + j] = (w + 0.5) * 2.0 ** -32
    return out, size


def uniform(path, shape, t=0):
    u, size = words(path, shape, t)
    return torch.tensor(u[:, :size].reshape(shape))


def normal(path, shape, t=0):
    u, size = words(path, shape, t)
    r = np.sqrt(-2 * np.log(u[:, 0::2]))
    z = np.stack([r * np.cos(2 * np.pi * u[:, 1::2]), r * np.sin(2 * np.pi * u[:, 1::2])], axis=2)
    return torch.tensor(z.reshape(len(u), -1)[:, :size].reshape(shape).copy())


# ---- layers that PyTorch has not, or that need their masks ---------------------------------------
class Dropout(nn.Module):
    """Dropout with the mask that qgn draws at a site."""

    def __init__(self, p, name):
        super().__init__()
        self.p, self.name, self.site, self.t = p, name, None, 0

    def forward(self, x):
        if not self.training:
            return x
        keep = uniform(f"{self.site}.{self.name}", tuple(x.shape), self.t) >= self.p
        return x * keep / (1 - self.p)


class Affine(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(n)), nn.Parameter(torch.zeros(n))

    def forward(self, x):
        shape = (1, -1) + (1,) * (x.dim() - 2)
        return x * self.weight.reshape(shape) + self.bias.reshape(shape)


class Attention(nn.MultiheadAttention):
    def __init__(self, n, heads, causal=False):
        super().__init__(n, heads, batch_first=True)
        self.causal = causal

    def forward(self, x):
        mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1) if self.causal else None
        return super().forward(x, x, x, attn_mask=mask, need_weights=False)[0]


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x) + x


class Call(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


def fan(w):
    return w[0].numel()


def start(name, module):
    """Sets the weights of one layer to what qgn starts with, and names its tensors as qgn does."""
    pairs = {}
    if isinstance(module, nn.MultiheadAttention):
        n = module.embed_dim
        pairs = {"in_weight": module.in_proj_weight, "in_bias": module.in_proj_bias,
                 "out_weight": module.out_proj.weight, "out_bias": module.out_proj.bias}
        bounds = {"in_weight": math.sqrt(6 / (4 * n)), "out_weight": 1 / math.sqrt(n), "in_bias": 0, "out_bias": 0}
    elif isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
        bound = 1 / math.sqrt(fan(module.weight))
        pairs = {"weight": module.weight}
        if module.bias is not None:
            pairs["bias"] = module.bias
        bounds = {k: bound for k in pairs}
    elif isinstance(module, nn.Embedding):
        module.weight.data = normal(f"{name}.weight", tuple(module.weight.shape))
        return {f"{name}.weight": module.weight}
    else:
        return {f"{name}.{k}": v for k, v in module.named_parameters(recurse=False)}
    for k, v in pairs.items():
        v.data = -bounds[k] + 2 * bounds[k] * uniform(f"{name}.{k}", tuple(v.shape))
    return {f"{name}.{k}": v for k, v in pairs.items()}


KINDS = {nn.Linear: "linear", nn.Conv2d: "conv", nn.ConvTranspose2d: "deconv", nn.BatchNorm1d: "batchnorm",
         nn.BatchNorm2d: "batchnorm", nn.LayerNorm: "layernorm", nn.Embedding: "embedding", Attention: "attention",
         Affine: "affine"}


def prepare(model, net):
    """Starts all layers; returns their tensors by name, and the names of batch norms."""
    count, out, norms = {}, {}, {}
    for m in net.modules():
        kind = next((v for k, v in KINDS.items() if type(m) is k), None)
        if kind is None:
            continue
        count[kind] = count.get(kind, 0) + 1
        name = f"{model}.{kind}_{count[kind]}"
        out.update(start(name, m))
        if kind == "batchnorm":
            norms[name] = m
    return out, norms


# ---- cases: name, input shape, lines of the model, PyTorch's network, result shape -----------------
def seq(*layers):
    return nn.Sequential(*[m if isinstance(m, nn.Module) else Call(m) for m in layers])


CASES = [
    ("dense", [5], "linear(7); tanh; linear(4, bias = false); sigmoid; affine",
     lambda: seq(nn.Linear(5, 7), torch.tanh, nn.Linear(7, 4, bias=False), torch.sigmoid, Affine(4)), [4]),
    ("curves", [4], "linear(6); relu; linear(6); leaky_relu(0.2); linear(6); elu; linear(6); gelu; linear(6); silu; "
     "linear(6); softplus; linear(3); softmax",
     lambda: seq(nn.Linear(4, 6), F.relu, nn.Linear(6, 6), lambda x: F.leaky_relu(x, 0.2), nn.Linear(6, 6), F.elu,
                 nn.Linear(6, 6), F.gelu, nn.Linear(6, 6), F.silu, nn.Linear(6, 6), F.softplus, nn.Linear(6, 3),
                 lambda x: F.softmax(x, 1)), [3]),
    ("images", [2, 7, 6], "conv(3, 3, pad = 1); relu; maxpool(2); conv(4, (2, 3), stride = 2, pad = 1, bias = false); tanh; "
     "avgpool(2, stride = 1); conv(2, 1); flatten",
     lambda: seq(nn.Conv2d(2, 3, 3, padding=1), F.relu, nn.MaxPool2d(2),
                 nn.Conv2d(3, 4, (2, 3), stride=2, padding=1, bias=False), torch.tanh, nn.AvgPool2d(2, 1),
                 nn.Conv2d(4, 2, 1), nn.Flatten()), [2]),
    ("pools", [1, 7, 7], "conv(2, 2); maxpool(3, stride = 2, pad = 1); avgpool(2, stride = 1, pad = 1); upsample(2); flatten; "
     "linear(2)",
     lambda: seq(nn.Conv2d(1, 2, 2), nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, 1, 1), nn.Upsample(scale_factor=2),
                 nn.Flatten(), nn.Linear(128, 2)), [2]),
    ("deconvs", [3], "linear(12); reshape(3, 2, 2); deconv(4, 4, stride = 2, pad = 1); batchnorm; relu; "
     "deconv(2, 3, stride = 2, pad = 1, out_pad = 1); batchnorm(momentum = 0.3, eps = 1e-3); tanh; deconv(1, (2, 3), bias = false)",
     lambda: seq(nn.Linear(3, 12), lambda x: x.reshape(-1, 3, 2, 2), nn.ConvTranspose2d(3, 4, 4, 2, 1),
                 nn.BatchNorm2d(4), F.relu, nn.ConvTranspose2d(4, 2, 3, 2, 1, output_padding=1),
                 nn.BatchNorm2d(2, eps=1e-3, momentum=0.3), torch.tanh, nn.ConvTranspose2d(2, 1, (2, 3), bias=False)),
     [1, 9, 10]),
    ("norms", [6], "linear(8); batchnorm; relu; linear(8); layernorm; tanh; reshape(2, 4); layernorm(axes = 2); flatten; linear(2)",
     lambda: seq(nn.Linear(6, 8), nn.BatchNorm1d(8), F.relu, nn.Linear(8, 8), nn.LayerNorm(8), torch.tanh,
                 lambda x: x.reshape(-1, 2, 4), nn.LayerNorm([2, 4]), nn.Flatten(), nn.Linear(8, 2)), [2]),
    ("drops", [2, 5, 5], "conv(3, 3); leaky_relu(0.2); dropout(0.3); flatten; dropout; linear(3)",
     lambda: seq(nn.Conv2d(2, 3, 3), lambda x: F.leaky_relu(x, 0.2), Dropout(0.3, "dropout_1"), nn.Flatten(),
                 Dropout(0.5, "dropout_2"), nn.Linear(27, 3)), [3]),
    ("attends", [4, 6], "attention(heads = 2); layernorm; let h = it; linear(6); gelu; it + h; attention(3, causal = true); "
     "linear(2); flatten",
     lambda: seq(Attention(6, 2), nn.LayerNorm(6), Residual(seq(nn.Linear(6, 6), F.gelu)), Attention(6, 3, causal=True),
                 nn.Linear(6, 2), nn.Flatten()), [8]),
]

LOSSES = [
    ("mse", "mse(f(x), 0.5)", lambda y: F.mse_loss(y, torch.full_like(y, 0.5))),
    ("mae", "mae(f(x), 0.25)", lambda y: F.l1_loss(y, torch.full_like(y, 0.25))),
    ("huber", "huber(f(x), 0.1, delta = 0.3)", lambda y: F.huber_loss(y, torch.full_like(y, 0.1), delta=0.3)),
    ("bce", "bce(reshape(sigmoid(f(x)[:, 0]), {rows}, 1), 1)",
     lambda y: F.binary_cross_entropy(torch.sigmoid(y[:, :1]), torch.ones_like(y[:, :1]))),
    ("bce_logits", "bce_logits(reshape(f(x)[:, 1], {rows}, 1), 0)",
     lambda y: F.binary_cross_entropy_with_logits(y[:, 1:2], torch.zeros_like(y[:, 1:2]))),
    ("cross_entropy", "cross_entropy(f(x), [0, 1, 2, 2, 1, 0])",
     lambda y: F.cross_entropy(y, torch.tensor([0, 1, 2, 2, 1, 0]))),
    ("nll", "nll(log_softmax(f(x)), [2, 1, 0, 0, 1, 2])",
     lambda y: F.nll_loss(F.log_softmax(y, 1), torch.tensor([2, 1, 0, 0, 1, 2]))),
    ("logsumexp", "mean(logsumexp(f(x), axis = 1))", lambda y: torch.logsumexp(y, 1).mean()),
    ("moments", "std(f(x)) + variance(f(x), ddof = 0) + median(f(x)) + norm(f(x)) + quantile(f(x), 0.3)",
     lambda y: y.std() + y.var(unbiased=False) + torch.quantile(y, 0.5) + y.norm() + torch.quantile(y, 0.3)),
]


def text(v):
    v = v.detach().numpy() if isinstance(v, torch.Tensor) else np.asarray(v)
    if v.ndim == 0:
        return repr(float(v))
    return "[" + ", ".join(text(x) for x in v) + "]"


def near(name, expr, v):
    """The comparison under a name, so that the test prints verdicts and no rounding errors."""
    return f"let {name} = far({expr}, {text(v)}) < tol\nexpect {name}"


def train(net, site, loss, shape, steps=STEPS, lr=0.05):
    """Momentum SGD on fresh normal inputs of every step; the loss of each."""
    opt = torch.optim.SGD(net.parameters(), lr, momentum=0.5)
    losses = []
    for t in range(steps):
        for m in net.modules():
            if isinstance(m, Dropout):
                m.site, m.t = site, t
        x = normal(f"{site.rsplit('.', 1)[0]}.x", (ROWS, *shape), t)
        value = loss(net(x))
        opt.zero_grad()
        value.backward()
        opt.step()
        losses.append(value.item())
    return losses


def case(out, name, shape, lines, make, result):
    net = make()
    weights, norms = prepare(name, net)
    dims = ", ".join(map(str, shape))
    out.append(f"model {name}(x[{dims}]) -> [{', '.join(map(str, result))}] {{ {lines} }}")
    out.append(f"draw x_{name}[{ROWS}, {dims}] ~ normal(0, 1)")
    x = normal(f"x_{name}", (ROWS, *shape))
    net.eval()
    out.append(near(f"{name}_untrained", f"{name}(x_{name})", net(x)))
    net.train()
    losses = train(net, f"fit_{name}.step.{name}", lambda y: ((y - 0.3) ** 2).mean(), shape)
    out.append(f"train fit_{name} {{\n  epochs = {STEPS}; optimizer {name} = sgd(0.05, momentum = 0.5)\n"
               f"  step {{ draw x[{ROWS}, {dims}] ~ normal(0, 1); minimize mean(({name}(x) - 0.3)^2) over {name} }}\n}}")
    out.append(near(f"{name}_losses", f"fit_{name}.loss", torch.tensor(losses)))
    net.eval()
    out.append(near(f"{name}_trained", f"{name}(x_{name})", net(x)))  # trained weights and running statistics
    total = sum(float(w.detach().norm()) ** 2 for w in weights.values())
    out.append(near(f"{name}_weights", f"norm(weights({name}))", math.sqrt(total)))


def losses(out):
    out.append("model line(x[4]) -> [3] { linear(3) }")
    for name, expr, f in LOSSES:
        net = nn.Linear(4, 3)
        copy = f"f_{name}"
        for k in ("weight", "bias"):
            w = getattr(net, k)
            w.data = -0.5 + uniform(f"{copy}.linear_1.{k}", tuple(w.shape))
        got = train(net, f"by_{name}.step.f", f, [4], steps=3, lr=0.1)
        out.append(f"let {copy} = new line")
        out.append(f"train by_{name} {{\n  epochs = 3; optimizer {copy} = sgd(0.1, momentum = 0.5)\n"
                   f"  step {{ draw x[{ROWS}, 4] ~ normal(0, 1); "
                   f"minimize {expr.replace('f(x)', copy + '(x)').format(rows=ROWS)} over {copy} }}\n}}")
        out.append(near(f"{name}_as_pytorch", f"by_{name}.loss", torch.tensor(got)))


def words_case(out):
    """Embedding: labels are fixed, one out of order and one twice."""
    net = nn.Embedding(5, 3)
    start("words.embedding_1", net)
    labels = torch.tensor([4, 0, 2, 4, 1, 3])
    opt = torch.optim.SGD(net.parameters(), 0.5)
    got = []
    for _ in range(STEPS):
        value = ((net(labels) - 0.3) ** 2).mean()
        opt.zero_grad()
        value.backward()
        opt.step()
        got.append(value.item())
    out.append("model words(t: label) -> [3] { embedding(5, 3) }")
    out.append(f"train fit_words {{\n  epochs = {STEPS}; optimizer words = sgd(0.5)\n"
               "  step { minimize mean((words([4, 0, 2, 4, 1, 3]) - 0.3)^2) over words }\n}")
    out.append(near("words_losses", "fit_words.loss", torch.tensor(got)))
    out.append(near("words_trained", "words([3, 4])", net(torch.tensor([3, 4]))))


def write(name, precision, tol):
    out = ["## PyTorch's values of layers and losses, made by tests/peer/layers.py.", "edition = 1",
           f'precision = "{precision}"', f"hyper tol = {tol}",
           "def far(a, b) = max(abs(a - b) / max(abs(b), 1.0))"]
    for c in CASES:
        case(out, *c)
    words_case(out)
    losses(out)
    Path(__file__).parent.parent.joinpath("golden", "run", name).write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    write("layers_peer.qgn", "double", "1e-12")
    write("layers_peer_single.qgn", "single", "1e-5")
