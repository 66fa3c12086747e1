"""The VAE, the GAN and the VQ-VAE of examples/syndicate in PyTorch: `torch_side KIND SEED IMAGES EPOCHS TEST OUT.npz`.

The same layers, starts (PyTorch's own, which are qgn's), losses, optimisers, batches and augmentation (rotation within 10 degrees,
shift within 2 pixels, bilinear, black outside) as examples/syndicate/parts.qgn, vae.qgn, gan.qgn and vqvae.qgn. Data: the
first IMAGES of MNIST's training set from $QGN_DATA. OUT.npz gets what the scripts save: reconstructions of the first TEST unseen
images (`again`), samples (`made`), the losses of the epochs and the seconds of each."""

import gzip
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

LATENT, CODES, BATCH = 32, 512, 64


def idx(name, head):
    with gzip.open(os.path.join(os.environ["QGN_DATA"], "mnist", name)) as f:
        return np.frombuffer(f.read(), np.uint8, offset=head)


def images(part, n):
    return torch.from_numpy(idx(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:n].astype(np.float32) / 255)


def augment(x):
    n = len(x)
    turn = (torch.rand(n) * 2 - 1) * np.deg2rad(10)
    shift = (torch.rand(n, 2) * 2 - 1) * 2 / 14
    c, s = torch.cos(turn), torch.sin(turn)
    maps = torch.stack([torch.stack([c, -s, shift[:, 0]], 1), torch.stack([s, c, shift[:, 1]], 1)], 1)
    return F.grid_sample(x, F.affine_grid(maps, x.shape, align_corners=False), align_corners=False)


def down(*wide, slope=0.0, drop=0.0):
    layers, before = [], 1
    for w in wide:
        layers += [nn.Conv2d(before, w, 3, 2, 1), nn.LeakyReLU(slope)] + ([nn.Dropout(drop)] if drop else [])
        before = w
    return layers


def up(norm):
    layers = []
    for before, w, k in ((128, 128, 3), (128, 64, 4), (64, 32, 4)):
        layers += [nn.ConvTranspose2d(before, w, k, 2, 1)] + ([nn.BatchNorm2d(w)] if norm else []) + [nn.ReLU()]
    return layers + [nn.Conv2d(32, 1, 3, 1, 1)]


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(*down(32, 64, 128), nn.Flatten(), nn.Linear(2048, 512), nn.ReLU())
        self.mu, self.logvar = nn.Linear(512, LATENT), nn.Linear(512, LATENT)
        self.decoder = nn.Sequential(nn.Linear(LATENT, 512), nn.ReLU(), nn.Linear(512, 2048), nn.ReLU(), nn.Unflatten(1, (128, 4, 4)),
                                     *up(False), nn.Sigmoid())
        self.adam = torch.optim.Adam(self.parameters(), 1e-3)

    def step(self, x):
        h = self.trunk(x)
        mu, logvar = self.mu(h), self.logvar(h)
        y = self.decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        loss = (F.binary_cross_entropy(y, x, reduction="sum") - 0.5 * torch.sum(1 + logvar - mu * mu - torch.exp(logvar))) / len(x)
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.item()

    def outcome(self, test):
        return {"again": self.decoder(self.mu(self.trunk(test))), "made": self.decoder(torch.randn(len(test), LATENT))}


class VqVae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(*down(32, 64), nn.Conv2d(64, 128, 3, 1, 1), nn.ReLU(), nn.Conv2d(128, 64, 1),
                                     nn.BatchNorm2d(64))
        self.codes = nn.Parameter(torch.randn(CODES, 64))
        self.decoder = nn.Sequential(nn.Conv2d(64, 128, 3, 1, 1), nn.ReLU(), nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(),
                                     nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 1, 3, 1, 1), nn.Sigmoid())
        self.adam = torch.optim.Adam(self.parameters(), 1e-3)

    def quantised(self, h):
        flat = h.permute(0, 2, 3, 1)
        far = flat.pow(2).sum(-1, keepdim=True) - 2 * flat @ self.codes.T + self.codes.pow(2).sum(-1)
        return self.codes[far.argmin(-1)].permute(0, 3, 1, 2)

    def step(self, x):
        h = self.encoder(x)
        e = self.quantised(h)
        loss = (F.mse_loss(self.decoder(h + (e - h).detach()), x) / x.var() + F.mse_loss(e, h.detach())
                + 0.25 * F.mse_loss(h, e.detach()))
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.item()

    def outcome(self, test):
        return {"again": self.decoder(self.quantised(self.encoder(test)))}


class Gan(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = nn.Sequential(nn.Linear(100, 512), nn.ReLU(), nn.Linear(512, 2048), nn.Unflatten(1, (128, 4, 4)), nn.BatchNorm2d(128),
                               nn.ReLU(), *up(True), nn.Tanh())
        self.d = nn.Sequential(*down(32, 64, 128, slope=0.2, drop=0.3), nn.Flatten(), nn.Linear(2048, 1024), nn.LeakyReLU(0.2),
                               nn.Linear(1024, 1), nn.Sigmoid())
        self.adam = {k: torch.optim.Adam(m.parameters(), 2e-4) for k, m in (("g", self.g), ("d", self.d))}

    def step(self, x):
        one, zero = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        bce = F.binary_cross_entropy
        told = bce(self.d(2 * x - 1), one) + bce(self.d(self.g(torch.randn(len(x), 100)).detach()), zero)
        self.adam["d"].zero_grad()
        told.backward()
        self.adam["d"].step()
        loss = bce(self.d(self.g(torch.randn(len(x), 100))), one)
        self.adam["g"].zero_grad()
        loss.backward()
        self.adam["g"].step()
        return told.item()

    def outcome(self, test):
        return {"made": (self.g(torch.randn(len(test), 100)) + 1) / 2}


KINDS = {"vae": Vae, "vqvae": VqVae, "gan": Gan}


def main():
    kind, out = sys.argv[1], sys.argv[6]
    seed, n_train, epochs, n_test = map(int, sys.argv[2:6])
    torch.manual_seed(seed)
    torch.set_num_threads(int(os.environ.get("THREADS", "1")))
    x, test = images("train", n_train), images("t10k", n_test)
    model, losses, seconds = KINDS[kind](), [], []
    for _ in range(epochs):
        began, total = time.perf_counter(), 0.0
        order = torch.randperm(n_train)
        for at in range(0, n_train, BATCH):
            rows = order[at : at + BATCH]
            total += model.step(augment(x[rows])) * len(rows)
        losses.append(total / n_train)
        seconds.append(time.perf_counter() - began)
        print(f"{kind} {seed}: {losses[-1]:.4f}, {seconds[-1]:.1f} s", flush=True)
    model.eval()
    with torch.no_grad():
        found = {k: v.numpy() for k, v in model.outcome(test).items()}
    np.savez(out, losses=losses, seconds=seconds, **found)


if __name__ == "__main__":
    main()
