"""The circuit in numpy and double precision, as plainly as possible: gate by gate; gradients by parameter shift, which is exact
for these gates, those of the penalty by central differences."""

import numpy as np

from bench.circuit import problem as P


def turn(state, angle, q, n, gate):
    """RY or RZ on qubit q; state [B, 2^n], angle a number or [B]."""
    s = state.reshape(len(state), 1 << q, 2, 1 << (n - q - 1))
    a = np.broadcast_to(angle, len(state))[:, None, None] / 2
    zero, one = s[:, :, 0], s[:, :, 1]
    if gate == "ry":
        out = np.cos(a) * zero - np.sin(a) * one, np.sin(a) * zero + np.cos(a) * one
    else:
        out = np.exp(-1j * a) * zero, np.exp(1j * a) * one
    return np.stack(out, 2).reshape(state.shape)


def cnot(state, q, n):
    s = state.reshape(len(state), 1 << q, 2, 2, 1 << (n - q - 2)).copy()
    s[:, :, 1] = s[:, :, 1, ::-1]
    return s.reshape(state.shape)


def outputs(w, x):
    """y [B, n] of weights [layers, n, 2] and inputs [B, n]."""
    batch, n = x.shape
    state = np.full((batch, 1 << n), 2 ** (-n / 2), complex)
    for q in range(n):
        state = turn(state, x[:, q], q, n, "ry")
    for layer in w:
        for q in range(n):
            state = turn(turn(state, layer[q, 0], q, n, "ry"), layer[q, 1], q, n, "rz")
        for q in range(n - 1):
            state = cnot(state, q, n)
    p = np.abs(state) ** 2
    sign = 1 - 2 * (np.arange(1 << n)[:, None] >> np.arange(n)[::-1] & 1)
    return p @ sign


def value(w, x, c):
    return (outputs(w, x) * c).sum()


def slopes(w, x, c):
    """dS/dx [B, n] of S = sum c y, by parameter shift."""
    g = np.zeros_like(x)
    for q in range(x.shape[1]):
        e = np.zeros(x.shape[1])
        e[q] = np.pi / 2
        g[:, q] = ((outputs(w, x + e) - outputs(w, x - e)) * c).sum(1) / 2
    return g


def shifted(f, a, h, scale):
    """(f(a + h) - f(a - h)) * scale for each element of a."""
    g = np.zeros(a.size)
    for i in range(a.size):
        e = np.zeros(a.size)
        e[i] = h
        e = e.reshape(a.shape)
        g[i] = (f(a + e) - f(a - e)) * scale
    return g.reshape(a.shape)


def penalty(w, x, c):
    return np.mean((np.sqrt((slopes(w, x, c) ** 2).sum(1)) - 1) ** 2)


def answer(w, x, c, order):
    """Loss and gradients, in doubles."""
    w, x, c = (a.astype(np.float64) for a in (w, x, c))
    if order == 1:
        return {"loss": value(w, x, c), "w": shifted(lambda v: value(v, x, c), w, np.pi / 2, 0.5), "x": slopes(w, x, c)}
    h = 1e-4
    return {"loss": penalty(w, x, c), "w": shifted(lambda v: penalty(v, x, c), w, h, 0.5 / h),
            "x": shifted(lambda v: penalty(w, v, c), x, h, 0.5 / h)}
