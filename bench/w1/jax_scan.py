"""W1 in JAX, the whole loop in one lax.scan: the strongest program of this experiment we know, so the one to beat.

2000 steps are one compiled call with its state donated. The noise of all of them is drawn at the beginning of that call, in
one vectorised draw, which is faster than drawing within the loop body and is part of the measured time. Tried and not
faster (within 10 %): hand-written gradients of both losses, the circuit as a Heisenberg-picture observable instead of a
state, unrolling by 2, the rbg generator, fast math, oneDNN, the other scheduler; single runs on a loaded machine.
"""

from bench import harness

harness.threads()

import time  # noqa: E402

import jax  # noqa: E402

from bench.w1 import jax_step as J  # noqa: E402
from bench.w1 import problem as P  # noqa: E402


def scan(state, noise):
    return jax.lax.scan(lambda s, n: (J.step(J.statevector_generator, s, n)[0], None), state, noise)[0]


class Scan:
    BLOCK = 2000
    NOTE = "2000 steps per call, noise drawn inside"

    def setup(self, weights):
        self.state = J.split(weights)
        self.key = jax.random.key(1)

    def compile(self):
        begin = time.perf_counter()

        def whole(state, key):
            key, now = jax.random.split(key)
            return scan(state, J.draw(now, (self.BLOCK,))), key

        self.compiled = jax.jit(whole, donate_argnums=(0, 1)).lower(self.state, self.key).compile()
        return time.perf_counter() - begin

    def block(self, n):
        for _ in range(n // self.BLOCK):
            self.state, self.key = self.compiled(self.state, self.key)
        jax.block_until_ready(self.state)

    def probe(self, noise):
        def once(state, noise):
            return jax.lax.scan(lambda s, n: J.step(J.statevector_generator, s, n), state, noise)

        state, seen = jax.jit(once)(self.state, {k: v[None] for k, v in noise.items()})
        return J.as_probe(state, jax.tree.map(lambda x: x[0], seen))


if __name__ == "__main__":
    harness.main(Scan, P.weights)
