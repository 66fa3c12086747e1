"""W1 in numpy and double precision, as plainly as possible: the losses by definition, their gradients by central differences.

The circuit is a chain of 4x4 matrices; no formula is shared with the measured systems, and no derivative is taken by hand
but the critic's slope dD/dx, which stands inside the loss itself.
"""

import numpy as np

from bench.w1 import problem as P

CNOT = np.eye(4)[[0, 1, 3, 2]]
Z0 = np.diag([1.0, 1.0, -1.0, -1.0])


def rx(a):
    return np.array([[np.cos(a / 2), -1j * np.sin(a / 2)], [-1j * np.sin(a / 2), np.cos(a / 2)]])


def ry(a):
    return np.array([[np.cos(a / 2), -np.sin(a / 2)], [np.sin(a / 2), np.cos(a / 2)]])


def generator(w, z):
    out = []
    for x in z @ w["wg"] + w["bg"]:
        s = np.kron(rx(x[0]), rx(x[1])) @ np.array([1, 0, 0, 0])
        for layer in w["th"]:
            s = np.kron(ry(layer[0, 0]), ry(layer[1, 0])) @ s
            s = np.kron(rx(layer[0, 1]), rx(layer[1, 1])) @ s
            s = CNOT @ s
        out.append([(s.conj() @ Z0 @ s).real])
    return np.array(out)


def critic(w, x):
    """Values [B, 1] and slopes dD/dx [B, 1]."""
    a1 = x @ w["w1"] + w["b1"]
    m1 = np.where(a1 > 0, 1, P.SLOPE)
    a2 = (a1 * m1) @ w["w2"] + w["b2"]
    m2 = np.where(a2 > 0, 1, P.SLOPE)
    return (a2 * m2) @ w["w3"] + w["b3"], ((m2 * w["w3"].T) @ w["w2"].T * m1) @ w["w1"].T


def critic_loss(w, fake, n):
    mix = n["eps"] * n["real"] + (1 - n["eps"]) * fake
    penalty = np.mean((np.abs(critic(w, mix)[1]) - 1) ** 2)
    return np.mean(critic(w, fake)[0]) - np.mean(critic(w, n["real"])[0]) + P.PENALTY * penalty


def generator_loss(w, n):
    return -np.mean(critic(w, generator(w, n["z2"]))[0])


def gradient(loss, w, names, h):
    """Central differences of loss(w) in every element of the named weights."""
    grads = {}
    for k in names:
        g = np.zeros(w[k].size)
        for i in range(w[k].size):
            up, down = w[k].copy(), w[k].copy()
            up.flat[i] += h
            down.flat[i] -= h
            g[i] = (loss({**w, k: up}) - loss({**w, k: down})) / (2 * h)
        grads[k] = g.reshape(w[k].shape)
    return grads


def first_adam_step(w, g):
    """Adam's first update: both bias corrections cancel."""
    return w - P.RATE * g / (np.abs(g) + P.TINY)


def doubles(arrays):
    return {k: v.astype(np.float64) for k, v in arrays.items()}


def update(name, loss, w, names, h):
    """One update of the named weights: its loss, gradients and new weights as in harness.System.probe."""
    grads = gradient(loss, w, names, h)
    out = {f"loss/{name}": loss(w)}
    for k, g in grads.items():
        out |= {f"grad/{k}": g, f"new/{k}": first_adam_step(w[k], g)}
    return out


def critic_update(weights, noise, h=1e-7):
    w, n = doubles(weights), doubles(noise)
    fake = generator(w, n["z"])
    return update("critic", lambda w: critic_loss(w, fake, n), w, P.CRITIC, h)


def generator_update(weights, critic_weights, noise, h=1e-7):
    """The second half of the step, with the critic it is given."""
    w, n = doubles(weights | critic_weights), doubles(noise)
    return update("generator", lambda w: generator_loss(w, n), w, P.GENERATOR, h)
