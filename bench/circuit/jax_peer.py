"""The circuit in JAX, jitted, written by hand in the ways an expert would try, and in TensorCircuit-NG on JAX:

    kron   up to four qubits of a layer are one matrix product with the 16x16 Kronecker product of their gates; the CNOT
           chain is one gather, whose derivative is told to be the gather back (a scatter is many times slower)
    gates  each gate on its axis, batched by vmap, CNOTs as exchanges of slices
    tc     TensorCircuit-NG, batched by vmap

The inputs' rotations make a product state at once in `kron`.
"""

from bench import harness

harness.threads()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from bench.circuit import problem as P  # noqa: E402

GROUP = 4  # qubits of one matrix product


def one_qubit(angles):
    """RZ(b) RY(a) of angles [..., 2] as matrices [..., 2, 2]."""
    a, b = angles[..., 0] / 2, angles[..., 1] / 2
    c, s, up, down = jnp.cos(a), jnp.sin(a), jnp.exp(-1j * b), jnp.exp(1j * b)
    return jnp.stack([jnp.stack([up * c, -up * s], -1), jnp.stack([down * s, down * c], -1)], -2)


def permuted(n):
    """state -> state[:, chain], with its derivative as a gather."""
    there = P.chain(n)
    back = np.argsort(there).astype(np.int32)

    def gather(index):
        return lambda s: jnp.take(s, index, axis=1, unique_indices=True, mode="clip")

    def turned(forward, backward):
        """A linear map whose transpose is told; it can be differentiated any number of times."""
        return lambda s: jax.custom_derivatives.linear_call(lambda _, v: forward(v), lambda _, v: backward(v), (), s)

    return turned(gather(there), gather(back))


def z_values(p, n):
    """<Z_q> [B, n] of probabilities [B, 2^n]: by halves, so that no table has more than 2^(n/2) rows."""
    high = n // 2
    half = p.reshape(-1, 1 << high, 1 << (n - high))
    sign = lambda bits: (1 - 2 * (np.arange(1 << bits)[:, None] >> np.arange(bits)[::-1] & 1)).astype(np.float32)
    return jnp.concatenate([half.sum(2) @ sign(high), half.sum(1) @ sign(n - high)], 1)


def kron_probabilities(n):
    take = permuted(n)

    def probabilities(w, x):
        c, s = jnp.cos(x / 2), jnp.sin(x / 2)
        qubit = jnp.stack([c - s, c + s], -1) * np.float32(0.5**0.5)
        state = qubit[:, 0]
        for q in range(1, n):
            state = (state[:, :, None] * qubit[:, q, None, :]).reshape(len(x), -1)
        state = state.astype(jnp.complex64)
        for layer in one_qubit(w):
            for q in range(0, n, GROUP):
                size = min(GROUP, n - q)
                u = layer[q]
                for k in range(1, size):
                    u = jnp.kron(u, layer[q + k])
                state = jnp.einsum("ij,ajb->aib", u, state.reshape(len(x) << q, 1 << size, -1)).reshape(len(x), -1)
            state = take(state)
        return state.real**2 + state.imag**2

    return probabilities


def kron(n):
    probabilities = kron_probabilities(n)
    return lambda w, x: z_values(probabilities(w, x), n)


def gates(n):
    def one(w, x):
        state = jnp.full((2,) * n, 2 ** (-n / 2), jnp.complex64)

        def turn(state, matrix, q):
            return jnp.moveaxis(jnp.tensordot(matrix, state, ((1,), (q,))), 0, q)

        embed = one_qubit(jnp.stack([x, jnp.zeros_like(x)], -1))
        for q in range(n):
            state = turn(state, embed[q], q)
        for layer in one_qubit(w):
            for q in range(n):
                state = turn(state, layer[q], q)
            for q in range(n - 1):
                zero, one = jnp.split(state, 2, q)
                state = jnp.concatenate([zero, jnp.flip(one, q + 1)], q)
        return z_values((state.real**2 + state.imag**2).reshape(1, -1), n)[0]

    return jax.vmap(one, (None, 0))


def tensorcircuit(n):
    import tensorcircuit as tc

    tc.set_backend("jax")

    def one(w, x):
        c = tc.Circuit(n)
        for q in range(n):
            c.h(q)
            c.ry(q, theta=x[q])
        for layer in range(len(w)):
            for q in range(n):
                c.ry(q, theta=w[layer, q, 0])
                c.rz(q, theta=w[layer, q, 1])
            for q in range(n - 1):
                c.cnot(q, q + 1)
        p = jnp.abs(c.state()) ** 2
        return z_values(p.reshape(1, -1), n)[0]

    return jax.vmap(one, (None, 0))


PROGRAMS = {"kron": kron, "gates": gates, "tc": tensorcircuit}


class Peer:
    """One cell, compiled; step() is one evaluation with all gradients."""

    def __init__(self, cell, program="kron"):
        n = cell["n"]
        outputs, c = PROGRAMS[program](n), P.cotangent(n)
        value = lambda w, x: (outputs(w, x) * c).sum()

        def penalty(w, x):
            slope = jax.grad(value, 1)(w, x)
            return ((jnp.sqrt((slope * slope).sum(1)) - 1) ** 2).mean()

        self.w, self.x = jnp.array(P.weights(n)), jnp.array(P.inputs(n, cell["batch"]))
        self.function = jax.jit(jax.value_and_grad(penalty if cell.get("order", 1) == 2 else value, (0, 1)))

    def step(self):
        return jax.block_until_ready(self.function(self.w, self.x))

    def answer(self):
        loss, (gw, gx) = self.step()
        return {"loss": loss, "w": gw, "x": gx}


if __name__ == "__main__":
    harness.serve(Peer)
