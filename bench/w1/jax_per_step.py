"""W1 in JAX, one jitted call per step, which draws its own noise; the generator is a statevector or a PennyLane QNode."""

from bench import harness

harness.threads()

import time  # noqa: E402

import jax  # noqa: E402

from bench.w1 import jax_step as J  # noqa: E402
from bench.w1 import problem as P  # noqa: E402


def pennylane_generator():
    """The same circuit as a PennyLane QNode, batched by parameter broadcasting, traced into the jitted step."""
    import pennylane as qml

    from bench.w1.pennylane_circuit import circuit

    node = qml.QNode(circuit, qml.device("default.qubit", wires=P.QUBITS), interface="jax", diff_method="backprop")

    def generator(p, z):
        return node(z @ p["wg"] + p["bg"], p["th"]).astype("float32")[:, None]

    return generator


def tensorcircuit_generator():
    """The same circuit in TensorCircuit-NG on its JAX backend, batched by vmap."""
    import tensorcircuit as tc

    tc.set_backend("jax")

    def one(th, x):
        c = tc.Circuit(P.QUBITS)
        for q in range(P.QUBITS):
            c.rx(q, theta=x[q])
        for layer in range(P.LAYERS):
            for q in range(P.QUBITS):
                c.ry(q, theta=th[layer, q, 0])
                c.rx(q, theta=th[layer, q, 1])
            c.cnot(0, 1)
        return c.expectation_ps(z=[0]).real

    return lambda p, z: jax.vmap(one, (None, 0))(p["th"], z @ p["wg"] + p["bg"])[:, None]


GENERATORS = {
    "statevector": lambda: J.statevector_generator,
    "pennylane": pennylane_generator,
    "tensorcircuit": tensorcircuit_generator,
}


class PerStep:
    BLOCK = 100
    NOTE = "one call per step, noise drawn inside"

    def __init__(self, generator="statevector"):
        self.generator = GENERATORS[generator]()

    def setup(self, weights):
        self.state = J.split(weights)
        self.key = jax.random.key(1)

        def whole(state, key):
            key, now = jax.random.split(key)
            return J.step(self.generator, state, J.draw(now))[0], key

        self.jitted = jax.jit(whole, donate_argnums=(0, 1))

    def compile(self):
        begin = time.perf_counter()
        self.block(1)
        return time.perf_counter() - begin

    def block(self, n):
        for _ in range(n):
            self.state, self.key = self.jitted(self.state, self.key)
        jax.block_until_ready(self.state)

    def probe(self, noise):
        return J.as_probe(*jax.jit(lambda s, n: J.step(self.generator, s, n))(self.state, noise))


if __name__ == "__main__":
    harness.main(PerStep, P.weights)
