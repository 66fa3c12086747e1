"""W7 in JAX, jitted. A shot is the number of cumulated probabilities below a uniform number, found by bisection:

    kron  the states of bench/circuit/jax_peer.py; shots by searchsorted on the samples' distributions
    tc    TensorCircuit-NG's own sampling of its state, batched by vmap
"""

from bench import harness

harness.threads()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from bench.circuit import jax_peer as circuit  # noqa: E402
from bench.circuit import problem as P  # noqa: E402
from bench.w7.problem import SHOTS  # noqa: E402


def signs(n):
    return (1 - 2 * (np.arange(1 << n)[:, None] >> np.arange(n)[::-1] & 1)).astype(np.float32)


def kron(n, batch):
    probabilities, sign = circuit.kron_probabilities(n), signs(n)

    def outputs(key, w, x):
        sums = jnp.cumsum(probabilities(w, x), 1)
        uniform = jax.random.uniform(key, (batch, SHOTS)) * sums[:, -1:]
        found = jax.vmap(jnp.searchsorted)(sums, uniform)
        counts = jax.vmap(lambda i: jnp.zeros(1 << n).at[i].add(1.0, mode="drop"))(found)
        return counts @ sign / SHOTS

    return outputs


def tensorcircuit(n, batch):
    import tensorcircuit as tc

    tc.set_backend("jax")
    sign = signs(n)

    def one(status, w, x):
        c = tc.Circuit(n)
        for q in range(n):
            c.h(q)
            c.ry(q, theta=x[q])
        for layer in range(P.LAYERS):
            for q in range(n):
                c.ry(q, theta=w[layer, q, 0])
                c.rz(q, theta=w[layer, q, 1])
            for q in range(n - 1):
                c.cnot(q, q + 1)
        found = c.sample(batch=SHOTS, allow_state=True, format="sample_int", status=status)
        return jnp.take(sign, found, axis=0).mean(0)

    def outputs(key, w, x):
        return jax.vmap(one, (0, None, 0))(jax.random.uniform(key, (batch, SHOTS)), w, x)

    return outputs


PROGRAMS = {"kron": kron, "tc": tensorcircuit}


class Peer:
    """One cell, compiled; step() is one evaluation with new shots."""

    def __init__(self, cell, program="kron"):
        outputs = PROGRAMS[program](cell["n"], cell["batch"])

        def step(key, w, x):
            key, now = jax.random.split(key)
            return key, outputs(now, w, x)

        self.key, self.function = jax.random.key(1), jax.jit(step)
        self.w, self.x = jnp.array(P.weights(cell["n"])), jnp.array(P.inputs(cell["n"], cell["batch"]))

    def step(self):
        self.key, y = jax.block_until_ready(self.function(self.key, self.w, self.x))
        return y

    def answer(self):
        return {"y": self.step()}


if __name__ == "__main__":
    harness.serve(Peer)
