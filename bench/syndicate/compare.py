"""The VAE, the VQ-VAE and the GAN by qgn and by PyTorch, one after the other: `python -m bench.syndicate.compare [--small] [--resume] [KIND ...]`.

Both train on the first images of MNIST with the settings of examples/syndicate (tier=study: 10 000 images, 6 epochs; the GAN 20 000
and 10; seeds 1 to 3 of the VAE and the GAN), one thread each. What both save, reconstructions of the first 2000 unseen images and samples, is
measured here by the same numpy and PyTorch code: mean binary cross-entropy of a pixel, structural similarity, and for the
GAN the Frechet distance by a small classifier that is trained here once. Writes results.json beside this file; `verdict.py`
says what of it is within the bounds. `--small` uses 256 images, 2 epochs and 200 unseen ones, to see that all of it runs; `--resume` keeps the rows that are there and adds the others.
Environment: QGN (build/qgn), QGN_DATA."""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from bench.syndicate.torch_side import idx, images

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
QGN = os.path.abspath(os.environ.get("QGN") or os.path.join(ROOT, "build", "qgn"))
STUDY = {"vae": (10_000, 6, (1, 2, 3)), "vqvae": (10_000, 6, (1,)), "gan": (20_000, 10, (1, 2, 3))}


def by_qgn(kind, seed, size, small, work):
    words = [QGN, "run", os.path.join(ROOT, "examples", "syndicate", f"{kind}.qgn"), "--fresh", "-q", "--threads", "1", "--set",
             f"seed={seed}"]
    words += ["--set", "source=mnist", "--set", "passes=2"] if small else ["--set", "tier=study"]
    subprocess.run(words, cwd=work, check=True, stdout=subprocess.DEVNULL)
    run = os.path.join(work, "runs", "latest")
    times = [json.loads(line) for line in open(os.path.join(run, "timing.jsonl"), encoding="utf-8")]
    mine = [t for t in times if t["train"] == kind]
    found = np.load(os.path.join(run, "saved", f"{kind}.npz"))
    epochs = sum(t["to_epoch"] - t["from_epoch"] for t in mine)
    return {k: torch.from_numpy(found[k]) for k in found}, sum(t["seconds"] for t in mine) / epochs


def by_torch(kind, seed, size, small, work):
    out = os.path.join(work, f"{kind}-{seed}.npz")
    n, epochs, _ = size
    subprocess.run([sys.executable, "-m", "bench.syndicate.torch_side", kind, str(seed), str(n), str(epochs), "200" if small else "2000", out],
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    found = np.load(out)
    return {k: torch.from_numpy(found[k]) for k in ("again", "made") if k in found}, float(np.mean(found["seconds"]))


def similarity(a, b):
    """Mean structural similarity in windows of 7 x 7 with sample covariances, as `ssim` of the prelude."""
    pool = lambda x: F.avg_pool2d(x, 7, 1)  # noqa: E731
    ua, ub, k = pool(a), pool(b), 49 / 48
    va, vb, vab = (pool(a * a) - ua * ua) * k, (pool(b * b) - ub * ub) * k, (pool(a * b) - ua * ub) * k
    c1, c2 = 1e-4, 9e-4
    return float(((2 * ua * ub + c1) * (2 * vab + c2) / ((ua**2 + ub**2 + c1) * (va + vb + c2))).mean())


def judge(n):
    """Features of a classifier of the training images."""
    torch.manual_seed(7)
    x, y = images("train", n), torch.from_numpy(idx("train-labels-idx1-ubyte.gz", 8)[:n].astype(np.int64))
    features = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Linear(800, 32))
    top = nn.Linear(32, 10)
    adam = torch.optim.Adam([*features.parameters(), *top.parameters()], 2e-3)
    for _ in range(3):
        for rows in torch.randperm(n).split(64):
            adam.zero_grad()
            F.cross_entropy(top(F.relu(features(x[rows]))), y[rows]).backward()
            adam.step()
    return lambda z: features(z).detach().double().numpy()


def frechet(a, b):
    ca, cb = np.cov(a.T), np.cov(b.T)
    root = np.linalg.eigvals(ca @ cb).real.clip(0)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(root).sum())


def main():
    small, resume = "--small" in sys.argv, "--resume" in sys.argv
    kinds = [k for k in sys.argv[1:] if not k.startswith("--")] or list(STUDY)
    path = os.path.join(HERE, "small.json" if small else "results.json")
    rows = json.load(open(path, encoding="utf-8"))["rows"] if os.path.exists(path) else []
    rows = [r for r in rows if resume or r["kind"] not in kinds]
    there = {(r["kind"], r["seed"], r["system"]) for r in rows}
    torch.set_num_threads(1)
    test, features = images("t10k", 200 if small else 2000), judge(1000 if small else 10_000) if "gan" in kinds else None
    for kind in kinds:
        size = (256, 2, STUDY[kind][2]) if small else STUDY[kind]
        for seed in size[2]:
            for system, side in (("qgn", by_qgn), ("torch", by_torch)):
                if (kind, seed, system) in there:
                    continue
                with tempfile.TemporaryDirectory() as work:
                    found, seconds = side(kind, seed, size, small, work)
                row = {"kind": kind, "seed": seed, "system": system, "seconds_per_epoch": seconds}
                if "again" in found:
                    row["cross_entropy"] = float(F.binary_cross_entropy(found["again"].clamp(0, 1), test))
                    row["ssim"] = similarity(found["again"], test)
                if kind == "gan":
                    row["frechet"] = frechet(features(test), features(found["made"].float()))
                rows.append(row)
                print(row, flush=True)
                with open(path, "w", encoding="utf-8") as f:
                    json.dump({"torch": torch.__version__, "threads": 1, "small": small, "rows": rows}, f, indent=1)


if __name__ == "__main__":
    main()
