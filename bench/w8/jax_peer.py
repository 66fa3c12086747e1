"""The noisy circuit in JAX, jitted, three ways:

    transfer  by hand: the state is the real vector Tr(P rho) over the 4^n Pauli words. The inputs' rotations make a product;
              two qubits of a layer are one product with a 16x16 matrix; the CNOT chain with its noise is one gather with
              factors, whose derivative is told to be the gather back; depolarising is a factor, which passes rotations
    tc        TensorCircuit-NG's density matrices, batched by vmap
    mixed     PennyLane's default.mixed, batched by vmap, differentiated by backprop
"""

from bench import harness

harness.threads()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from bench.circuit import problem as P  # noqa: E402

STRENGTH = 0.01
GROUP = 2  # qubits of one matrix product


def letters(n):
    """The letters (0 I, 1 X, 2 Y, 3 Z) of all words, [4^n, n]."""
    return np.arange(4**n)[:, None] >> 2 * np.arange(n)[::-1] & 3


def index(word):
    n = word.shape[1]
    return (word << 2 * np.arange(n)[::-1]).sum(1)


def cnot_words():
    """For each pair of letters behind a CNOT the pair in front of it and the sign."""
    pauli = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
    u = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    found = {}
    for a in range(4):
        for b in range(4):
            w = u.T @ np.kron(pauli[a], pauli[b]) @ u
            for c in range(4):
                for d in range(4):
                    t = np.trace(w @ np.kron(pauli[c], pauli[d])).real / 4
                    if abs(t) > 0.5:
                        found[a, b] = (c, d, t)
    return found


def noisy_chain(n):
    """new = factor * old[source] of the CNOT chain with noise behind each gate on both qubits."""
    rule, f = cnot_words(), 1 - 4 * STRENGTH / 3
    word, factor = letters(n), np.ones(4**n)
    for q in reversed(range(n - 1)):  # from the end: what a word is made of
        factor *= np.where(word[:, q] > 0, f, 1) * np.where(word[:, q + 1] > 0, f, 1)
        pairs = [rule[a, b] for a, b in word[:, q:q + 2]]
        word[:, q:q + 2] = [p[:2] for p in pairs]
        factor *= [p[2] for p in pairs]
    return index(word).astype(np.int32), factor.astype(np.float32)


def transfer(n):
    source, factor = noisy_chain(n)
    back = np.argsort(source).astype(np.int32)
    f = 1 - 4 * STRENGTH / 3
    z = index(3 * np.eye(n, dtype=int))

    def chain(s):
        forward = lambda _, v: jnp.take(v, source, axis=1, unique_indices=True, mode="clip") * factor
        backward = lambda _, v: jnp.take(v * factor, back, axis=1, unique_indices=True, mode="clip")
        return jax.custom_derivatives.linear_call(forward, backward, (), s)

    def matrix(a, b):
        """RY(a), noise, RZ(b), noise on the letters I, X, Y, Z."""
        ca, sa, cb, sb, o = jnp.cos(a), jnp.sin(a), jnp.cos(b), jnp.sin(b), jnp.zeros_like(a)
        return jnp.stack([jnp.stack([o + 1, o, o, o], -1), f * f * jnp.stack([o, cb * ca, -sb, cb * sa], -1),
                          f * f * jnp.stack([o, sb * ca, cb, sb * sa], -1), f * f * jnp.stack([o, -sa, o, ca], -1)], -2)

    def outputs(w, x):
        one = jnp.ones_like(x)
        qubit = jnp.stack([one, f * f * jnp.cos(x), 0 * one, -f * f * jnp.sin(x)], -1)  # H makes X of |0>
        state = qubit[:, 0]
        for q in range(1, n):
            state = (state[:, :, None] * qubit[:, q, None, :]).reshape(len(x), -1)
        for layer in matrix(w[..., 0], w[..., 1]):
            for q in range(0, n, GROUP):
                size = min(GROUP, n - q)
                u = layer[q]
                for k in range(1, size):
                    u = jnp.kron(u, layer[q + k])
                state = jnp.einsum("ij,ajb->aib", u, state.reshape(len(x) << 2 * q, 1 << 2 * size, -1)).reshape(len(x), -1)
            state = chain(state)
        return state[:, z]

    return outputs


def tensorcircuit(n):
    import tensorcircuit as tc

    tc.set_backend("jax")
    noise = dict(px=STRENGTH / 3, py=STRENGTH / 3, pz=STRENGTH / 3)

    def one(w, x):
        c = tc.DMCircuit(n)
        for q in range(n):
            c.h(q)
            c.depolarizing(q, **noise)
            c.ry(q, theta=x[q])
            c.depolarizing(q, **noise)
        for layer in range(P.LAYERS):
            for q in range(n):
                c.ry(q, theta=w[layer, q, 0])
                c.depolarizing(q, **noise)
                c.rz(q, theta=w[layer, q, 1])
                c.depolarizing(q, **noise)
            for q in range(n - 1):
                c.cnot(q, q + 1)
                c.depolarizing(q, **noise)
                c.depolarizing(q + 1, **noise)
        p = jnp.real(jnp.diagonal(c.densitymatrix()))
        sign = (1 - 2 * (np.arange(1 << n)[:, None] >> np.arange(n)[::-1] & 1)).astype(np.float32)
        return p @ sign

    return jax.vmap(one, (None, 0))


def mixed(n):
    import pennylane as qml

    @qml.qnode(qml.device("default.mixed", wires=n), interface="jax", diff_method="backprop")
    def circuit(w, x):
        def noise(*wires):
            for q in wires:
                qml.DepolarizingChannel(STRENGTH, wires=q)

        for q in range(n):
            qml.Hadamard(q)
            noise(q)
            qml.RY(x[q], wires=q)
            noise(q)
        for layer in range(P.LAYERS):
            for q in range(n):
                qml.RY(w[layer, q, 0], wires=q)
                noise(q)
                qml.RZ(w[layer, q, 1], wires=q)
                noise(q)
            for q in range(n - 1):
                qml.CNOT(wires=[q, q + 1])
                noise(q, q + 1)
        return [qml.expval(qml.PauliZ(q)) for q in range(n)]

    return jax.vmap(lambda w, x: jnp.stack(circuit(w, x)), (None, 0))


PROGRAMS = {"transfer": transfer, "tc": tensorcircuit, "mixed": mixed}


class Peer:
    """One cell, compiled; step() is one evaluation with all gradients."""

    def __init__(self, cell, program="transfer"):
        n = cell["n"]
        outputs, c = PROGRAMS[program](n), P.cotangent(n)
        self.w, self.x = jnp.array(P.weights(n)), jnp.array(P.inputs(n, cell["batch"]))
        self.function = jax.jit(jax.value_and_grad(lambda w, x: (outputs(w, x) * c).sum(), (0, 1)))

    def step(self):
        return jax.block_until_ready(self.function(self.w, self.x))

    def answer(self):
        loss, (gw, gx) = self.step()
        return {"loss": loss, "w": gw, "x": gx}


if __name__ == "__main__":
    harness.serve(Peer)
