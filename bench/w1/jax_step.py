"""W1 in JAX: the step for any generator, and the hand-written statevector generator."""

import jax
import jax.numpy as jnp
from jax import lax

from bench.w1 import problem as P


def split(weights):
    """numpy weights as the training state (critic, its moments, generator, its moments, step number)."""
    critic = {k: jnp.array(weights[k]) for k in P.CRITIC}
    generator = {k: jnp.array(weights[k]) for k in P.GENERATOR}
    zeros = lambda p: jax.tree.map(jnp.zeros_like, p)
    return critic, zeros(critic), zeros(critic), generator, zeros(generator), zeros(generator), jnp.zeros(())


def leaky_relu(x):
    return jnp.where(x > 0, x, P.SLOPE * x)


def critic(p, x):
    h = leaky_relu(x @ p["w1"] + p["b1"])
    h = leaky_relu(h @ p["w2"] + p["b2"])
    return h @ p["w3"] + p["b3"]


def critic_loss(p, real, fake, eps):
    """Real and fake go through the critic as one batch of 128: one matrix product instead of two."""
    out = critic(p, jnp.concatenate([fake, real]))
    mix = eps * real + (1 - eps) * fake
    slope = jax.grad(lambda x: critic(p, x).sum())(mix)
    norm = jnp.sqrt((slope * slope).sum(1))
    return out[: P.BATCH].mean() - out[P.BATCH :].mean() + P.PENALTY * ((norm - 1) ** 2).mean()


def rotate_x(s, angle, axis):
    return jnp.cos(angle / 2) * s - 1j * jnp.sin(angle / 2) * jnp.flip(s, axis)


def rotate_y(s, angle, axis):
    c, n = jnp.cos(angle / 2), jnp.sin(angle / 2)
    a, b = lax.index_in_dim(s, 0, axis, False), lax.index_in_dim(s, 1, axis, False)
    return jnp.stack([c * a - n * b, n * a + c * b], axis)


def circuit(th, x):
    """<Z> of qubit 0 for one sample's two angles, by a complex64 state of shape [2, 2]."""
    s = jnp.zeros((2, 2), jnp.complex64).at[0, 0].set(1)
    for q in range(P.QUBITS):
        s = rotate_x(s, x[q], q)
    for layer in range(P.LAYERS):
        for q in range(P.QUBITS):
            s = rotate_x(rotate_y(s, th[layer, q, 0], q), th[layer, q, 1], q)
        s = jnp.stack([s[0], s[1, ::-1]])
    p = s.real**2 + s.imag**2
    return p[0].sum() - p[1].sum()


def statevector_generator(p, z):
    x = z @ p["wg"] + p["bg"]
    return jax.vmap(circuit, (None, 0))(p["th"], x)[:, None]


def adam(p, m, v, g, t):
    m = jax.tree.map(lambda m, g: P.BETA1 * m + (1 - P.BETA1) * g, m, g)
    v = jax.tree.map(lambda v, g: P.BETA2 * v + (1 - P.BETA2) * g * g, v, g)
    c1, c2 = 1 - P.BETA1**t, 1 - P.BETA2**t
    p = jax.tree.map(lambda p, m, v: p - P.RATE * (m / c1) / (jnp.sqrt(v / c2) + P.TINY), p, m, v)
    return p, m, v


def draw(key, steps=()):
    """New noise for one step, or with `steps` = (n,) for n steps at once."""
    b = P.BATCH
    normal_key, uniform_key = jax.random.split(key)
    normal = jax.random.normal(normal_key, (*steps, 5 * b))
    return {
        "real": P.STD * normal[..., :b, None],
        "z": normal[..., b : 3 * b].reshape(*steps, b, 2),
        "z2": normal[..., 3 * b :].reshape(*steps, b, 2),
        "eps": jax.random.uniform(uniform_key, (*steps, b, 1)),
    }


def step(generator, state, noise):
    """One critic and one generator update; returns the new state and what agree.py compares."""
    dp, dm, dv, gp, gm, gv, t = state
    t = t + 1
    fake = generator(gp, noise["z"])
    dloss, dgrad = jax.value_and_grad(critic_loss)(dp, noise["real"], fake, noise["eps"])
    dp, dm, dv = adam(dp, dm, dv, dgrad, t)
    gloss, ggrad = jax.value_and_grad(lambda p: -critic(dp, generator(p, noise["z2"])).mean())(gp)
    gp, gm, gv = adam(gp, gm, gv, ggrad, t)
    return (dp, dm, dv, gp, gm, gv, t), (dloss, gloss, dgrad, ggrad)


def as_probe(state, seen):
    """State and step outputs as the flat dictionary agree.py reads."""
    dloss, gloss, dgrad, ggrad = seen
    out = {"loss/critic": dloss, "loss/generator": gloss}
    out |= {f"grad/{k}": g for k, g in (dgrad | ggrad).items()}
    out |= {f"new/{k}": w for k, w in (state[0] | state[3]).items()}
    return out
