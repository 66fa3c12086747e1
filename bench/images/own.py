"""One step of qgn's scripts for agree.py: its starting weights and its draws, made here from the seed as spec.md says
("Determinism": Philox4x32-10 keyed by seed and site, Box-Muller), and the weights and losses that it has after the step."""

import hashlib
import json
import struct

import numpy as np

from bench import qgn_side
from bench.images import problem as P

SEED = 1

# Our layer of each of qgn's; uniform starting weights need no more than their shapes.
NAMES = {
    "w4": {"pqc": "circuit", "G.linear_1": "project", "G.deconv_1": "up1", "G.batchnorm_1": "norm", "G.deconv_2": "up2",
           "D.conv_1": "down1", "D.conv_2": "down2", "D.linear_1": "judge"},
    "w5": {"encoder.conv_1": "conv1", "encoder.conv_2": "conv2", "encoder.conv_3": "conv3", "encoder.linear_1": "mu",
           "encoder.linear_2": "logvar", "decoder.linear_1": "project", "decoder.deconv_1": "up1", "decoder.deconv_2": "up2",
           "decoder.deconv_3": "up3"},
    "w6": {"hqcnn.conv_1": "conv1", "hqcnn.conv_2": "conv2", "hqcnn.linear_1": "angles", "pqc": "circuit",
           "hqcnn.linear_2": "judge"},
}
USES = {"real": "D", "fake": "D_2", "again": "D_3"}  # how a site names the calls of D


def words(site, shape):
    """The random word of each element of a value drawn once: [rows, elements of a row]."""
    digest = hashlib.sha256(f"{SEED}/{site}".encode()).digest()
    key = int.from_bytes(digest[:8], "big")
    rows = shape[0] if shape else 1
    width = int(np.prod(shape[1:], dtype=np.int64)) if len(shape) > 1 else 1
    block = np.arange((width + 3) // 4, dtype=np.uint64)
    c = [np.broadcast_to(block, (rows, len(block))).copy(), np.repeat(np.arange(rows, dtype=np.uint64)[:, None], len(block), 1),
         np.zeros((rows, len(block)), np.uint64), np.zeros((rows, len(block)), np.uint64)]
    low, high, mask = key & 0xFFFFFFFF, key >> 32, np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(low), p1 & mask, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(high), p0 & mask]
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, -1).reshape(rows, -1), width


def units(site, shape):
    w, width = words(site, shape)
    return ((w + 0.5) * 2.0**-32)[:, :width].reshape(shape)


def uniform(site, shape):
    return np.minimum(units(site, shape).astype(np.float32), np.float32(1 - 2.0**-24))


def normal(site, shape):
    w, width = words(site, shape)
    u = (w + 0.5) * 2.0**-32
    radius, angle = np.sqrt(-2 * np.log(u[:, 0::2])), 2 * np.pi * u[:, 1::2]
    z = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1).reshape(len(w), -1)
    return z[:, :width].reshape(shape).astype(np.float32)


def start(workload, name, kind, shape):
    """The starting weights of a layer of qgn."""
    layer = NAMES[workload][name]
    if kind == "theta":
        return -np.pi + 2 * np.pi * units(f"{name}.{kind}", shape)
    if layer == "norm":
        return np.full(shape, 1.0 if kind == "weight" else 0.0)
    what, out, inputs, *size = P.LAYERS[workload][layer]
    bound = 1 / np.sqrt((out if what == "deconv" else inputs) * (size[0] ** 2 if size else 1))
    return -bound + 2 * bound * units(f"{name}.{kind}", shape)


def noise(workload):
    b = P.BATCH[workload]
    x = uniform("bench.step.x", (b, 1, 28, 28))
    if workload == "w4":
        site = lambda k: f"bench.step.{USES[k[:-1]]}.dropout_{k[-1]}"
        return {"x": 2 * x - 1, "z": normal("bench.step.z", (b, 8)), **{k: uniform(site(k), s) for k, s in P.masks().items()}}
    if workload == "w5":
        return {"x": x, "eps": normal("bench.step.epsilon", (b, P.LATENT))}
    return {"x": x, "y": np.floor(3 * uniform("bench.step.u", (b,))).astype(np.float32)}


def read_weights(path):
    raw = path.read_bytes()
    size, = struct.unpack("<Q", raw[:8])
    head = json.loads(raw[8 : 8 + size])
    head.pop("__metadata__", None)
    return {k: np.frombuffer(raw[8 + size :][slice(*v["data_offsets"])], "<f4").reshape(v["shape"]) for k, v in head.items()}


def step(workload, script):
    """(starting weights, noise, what qgn has after one step as {"loss/..", "new/.."} or why not)."""
    done = qgn_side.run(script, "bench", 2, ["bench.epochs=1"])
    draws = noise(workload)
    if "failed" in done:
        return P.weights(workload), draws, done["failed"]
    folder = qgn_side.RUNS / "runs" / "latest"
    weights, seen = {}, {}
    for full, value in read_weights(folder / "bench.safetensors").items():
        name, kind = full.rsplit(".", 1)
        ours = f"{NAMES[workload][name]}.{'bias' if kind == 'bias' else 'weight'}"
        if kind in ("weight", "bias", "theta"):
            weights[ours] = start(workload, name, kind, value.shape).astype(np.float32)
            seen[f"new/{ours}"] = value
    for line in (folder / "metrics.csv").read_text().splitlines()[1:]:
        series, _, _, value = line.split(",")
        seen["loss/" + {"bench.loss": "all"}.get(series, series[-1])] = np.float32(value)
    return weights, draws, seen
