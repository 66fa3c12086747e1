"""W4, W5 and W6 in JAX, a whole step jitted: `jax_step WORKLOAD PROGRAM`; PROGRAM is how the circuit is written
(bench/circuit/jax_peer.py: kron, gates, tc), anything for w5.

Images are [rows, height, width, channels], the order in which XLA's convolutions for CPUs are fastest.
"""

from bench import harness

harness.threads()

import time  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

from bench.circuit import jax_peer  # noqa: E402
from bench.images import problem as P  # noqa: E402

QUBITS = {"w4": 8, "w6": 4}


def linear(w, layer, x):
    return x @ w[f"{layer}.weight"].T + w[f"{layer}.bias"]


def conv(w, layer, x, stride=2, pad=1):
    return lax.conv_general_dilated(x, w[f"{layer}.weight"], (stride, stride), ((pad, pad),) * 2,
                                    dimension_numbers=("NHWC", "OIHW", "NHWC")) + w[f"{layer}.bias"]


def deconv(w, layer, x, out_pad=0):
    """Stride 2, pad 1: a convolution of the image with zeros between its pixels, with the kernel turned round."""
    kernel = w[f"{layer}.weight"][:, :, ::-1, ::-1]
    edge = kernel.shape[2] - 2
    return lax.conv_general_dilated(x, kernel, (1, 1), ((edge, edge + out_pad),) * 2, lhs_dilation=(2, 2),
                                    dimension_numbers=("NHWC", "IOHW", "NHWC")) + w[f"{layer}.bias"]


def flat(x):
    """Pixels of an image in the order [channels, height, width]."""
    return x.transpose(0, 3, 1, 2).reshape(len(x), -1)


def images(x, channels, size):
    return x.reshape(-1, channels, size, size).transpose(0, 2, 3, 1)


def bce(logits, target):
    return (jax.nn.softplus(logits) - target * logits).mean()


def leaky_relu(x):
    return jnp.where(x > 0, x, P.SLOPE * x)


def drop(x, u):
    return jnp.where(u.transpose(0, 2, 3, 1) >= P.DROP, x / (1 - P.DROP), 0)


def discriminator(w, x, u1, u2):
    h = drop(leaky_relu(conv(w, "down1", x)), u1)
    return linear(w, "judge", flat(drop(leaky_relu(conv(w, "down2", h)), u2)))


def generator(circuit):
    def make(w, z):
        h = deconv(w, "up1", images(linear(w, "project", circuit(w["circuit.weight"], z)), 64, 7))
        mean = h.mean((0, 1, 2))
        variance = ((h - mean) ** 2).mean((0, 1, 2))
        h = (h - mean) * lax.rsqrt(variance + P.MEAN_EPS) * w["norm.weight"] + w["norm.bias"]
        running = mean, variance * (h.size / 32) / (h.size / 32 - 1)
        return jnp.tanh(deconv(w, "up2", jax.nn.relu(h))), running

    return make


def w4_losses(circuit):
    make = generator(circuit)

    def step(parts, noise, update):
        d, g = parts["D"], parts["G"]
        x = noise["x"].transpose(0, 2, 3, 1)
        fake, pull, running = jax.vjp(lambda g: make(g, noise["z"]), g, has_aux=True)
        loss, grad = jax.value_and_grad(lambda d: bce(discriminator(d, x, noise["real1"], noise["real2"]), 1.0)
                                        + bce(discriminator(d, fake, noise["fake1"], noise["fake2"]), 0.0))(d)
        d = update("D", loss, grad)
        loss, slope = jax.value_and_grad(
            lambda fake: bce(discriminator(d, fake, noise["again1"], noise["again2"]), 1.0))(fake)
        update("G", loss, pull(slope)[0])
        return running

    return step


def one_loss(loss):
    def step(parts, noise, update):
        update("all", *jax.value_and_grad(lambda w: loss(w, noise))(parts["all"]))

    return step


def w5_loss(w, noise):
    x = noise["x"].transpose(0, 2, 3, 1)
    h = x
    for layer in ("conv1", "conv2", "conv3"):
        h = jax.nn.relu(conv(w, layer, h))
    h = flat(h)
    mu, logvar = linear(w, "mu", h), linear(w, "logvar", h)
    h = images(jax.nn.relu(linear(w, "project", mu + jnp.exp(logvar / 2) * noise["eps"])), 128, 4)
    h = jax.nn.relu(deconv(w, "up1", h))
    y = deconv(w, "up3", jax.nn.relu(deconv(w, "up2", h, 1)), 1)
    return ((jax.nn.softplus(y) - x * y).sum() - 0.5 * (1 + logvar - mu * mu - jnp.exp(logvar)).sum()) / len(x)


def pool(x):
    b, h, w, c = x.shape
    return x.reshape(b, h // 2, 2, w // 2, 2, c).max((2, 4))


def w6_loss(circuit):
    def loss(w, noise):
        h = noise["x"].transpose(0, 2, 3, 1)
        for layer in ("conv1", "conv2"):
            h = pool(jax.nn.relu(conv(w, layer, h, 1)))
        logits = linear(w, "judge", circuit(w["circuit.weight"], linear(w, "angles", flat(h))))
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), noise["y"].astype(int)[:, None], 1).mean()

    return loss


STEPS = {"w4": w4_losses, "w5": lambda _: one_loss(w5_loss), "w6": lambda circuit: one_loss(w6_loss(circuit))}


def draw(workload, key):
    b = P.BATCH[workload]
    keys = iter(jax.random.split(key, 10))
    x = jax.random.uniform(next(keys), (b, 1, 28, 28))
    if workload == "w4":
        return {"x": 2 * x - 1, "z": jax.random.normal(next(keys), (b, 8)),
                **{k: jax.random.uniform(next(keys), s) for k, s in P.masks().items()}}
    if workload == "w5":
        return {"x": x, "eps": jax.random.normal(next(keys), (b, P.LATENT))}
    return {"x": x, "y": jax.random.randint(next(keys), (b,), 0, P.CLASSES)}


def adam(p, m, v, g, t, rate):
    m = jax.tree.map(lambda m, g: P.BETA1 * m + (1 - P.BETA1) * g, m, g)
    v = jax.tree.map(lambda v, g: P.BETA2 * v + (1 - P.BETA2) * g * g, v, g)
    c1, c2 = 1 - P.BETA1**t, 1 - P.BETA2**t
    return jax.tree.map(lambda p, m, v: p - rate * (m / c1) / (jnp.sqrt(v / c2) + P.TINY), p, m, v), m, v


class Peer:
    NOTE = "whole step jitted"

    def __init__(self, workload, program="kron"):
        self.workload, self.BLOCK = workload, {"w4": 2, "w5": 2, "w6": 10}[workload]
        circuit = jax_peer.PROGRAMS[program](QUBITS[workload]) if workload in QUBITS else None
        body = STEPS[workload](circuit)

        def step(state, noise):
            parts, m, v, t = state
            parts, m, v, t, seen = dict(parts), dict(m), dict(v), t + 1, {}

            def update(part, loss, grad):
                seen[part] = loss, grad
                parts[part], m[part], v[part] = adam(parts[part], m[part], v[part], grad, t, P.RATE[workload])
                return parts[part]

            running = body(parts, noise, update)
            return (parts, m, v, t), seen, running

        def timed(state, running, key):
            key, now = jax.random.split(key)
            state, _, now = step(state, draw(workload, now))
            if running is not None:  # running statistics of batch norm
                running = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, running, now)
            return state, running, key

        self.given, self.timed = jax.jit(step), jax.jit(timed, donate_argnums=(0, 1))

    def setup(self, weights):
        d = {k: jnp.array(v) for k, v in weights.items() if k.split(".")[0] in P.DISCRIMINATOR and self.workload == "w4"}
        rest = {k: jnp.array(v) for k, v in weights.items() if k not in d}
        parts = {"D": d, "G": rest} if d else {"all": rest}
        zeros = lambda: jax.tree.map(jnp.zeros_like, parts)
        self.state = parts, zeros(), zeros(), jnp.zeros(())
        self.running = (jnp.zeros(32), jnp.ones(32)) if d else None
        self.key = jax.random.key(1)

    def compile(self):
        begin = time.perf_counter()
        self.block(1)
        return time.perf_counter() - begin

    def block(self, n):
        for _ in range(n):
            self.state, self.running, self.key = self.timed(self.state, self.running, self.key)
        jax.block_until_ready(self.state)

    def probe(self, noise):
        (parts, *_), seen, _ = self.given(self.state, noise)
        out = {f"loss/{k}": loss for k, (loss, _) in seen.items()}
        for part, (_, grad) in seen.items():
            out |= {f"grad/{k}": g for k, g in grad.items()} | {f"new/{k}": w for k, w in parts[part].items()}
        return out


if __name__ == "__main__":
    import sys

    harness.main(Peer, lambda: P.weights(sys.argv[1]))
