"""Writes what tests/golden/run/images_peer.qgn is held against: images that scikit-image resizes, and images that
scipy turns, shifts and flips by the amounts that docs/engine.md (section 7) says.

    pip install scipy scikit-image
    python tests/peer/images.py build/qgn
"""
import hashlib
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import scipy.ndimage
import skimage.transform

ROWS, SEED, ROTATE, SHIFT = 5, 3, 10, 2
here = pathlib.Path(__file__).resolve().parents[1] / "golden/run/images_peer.d"


def philox(key, counter):
    """Philox4x32-10 (Salmon et al. 2011)."""
    c, k = list(counter), [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [q >> 32 ^ c[1] ^ k[0], q & 0xFFFFFFFF, p >> 32 ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def turned(image, row, epoch):
    key = int(hashlib.sha256(f"{SEED}/moved.augment".encode()).hexdigest()[:16], 16)
    w = philox(key, (0, row, epoch, 0))
    angle, right, down = ((2 * (x + 0.5) / 2**32 - 1) * most for x, most in zip(w, (math.radians(ROTATE), SHIFT, SHIFT)))
    mirror = -1 if w[3] & 1 else 1
    # A pixel (down, right) of the result lies, from the middle, where shift, turn and mirror lead back to.
    c, s = math.cos(angle), math.sin(angle)
    back = np.array([[c, -s], [mirror * s, mirror * c]])
    middle = (np.array(image.shape) - 1) / 2
    offset = middle - back @ (middle + [down, right])
    return scipy.ndimage.affine_transform(image.astype(float), back, offset, order=1, mode="nearest")


def resized(image, h, w):
    """Each axis by itself: the mean of the area where it shrinks, linear where it grows."""
    for size in ((h, image.shape[1]), (h, w)):
        if size[0] < image.shape[0] or size[1] < image.shape[1]:
            image = skimage.transform.resize_local_mean(image, size)
        else:
            image = skimage.transform.resize(image, size, order=1, mode="edge", anti_aliasing=False)
    return image


with tempfile.TemporaryDirectory() as work:
    script = pathlib.Path(work) / "digits.qgn"
    script.write_text(f'edition = 1\ndataset d {{ glyphs({ROWS}) }}\nsave("digits.npy", d.image)\n')
    subprocess.run([pathlib.Path(sys.argv[1]).resolve(), "run", "-q", script], cwd=work, check=True)
    digits = np.load(pathlib.Path(work) / "runs/latest/saved/digits.npy")[:, 0]

rng = np.random.default_rng(1)
colours = rng.integers(0, 256, (3, 9, 6, 3), dtype=np.uint8)
here.mkdir(exist_ok=True)
np.save(here / "colours.npy", colours)
np.save(here / "first.npy", colours.transpose(0, 3, 1, 2).copy())
for name, h, w in (("half", 14, 14), ("odd", 11, 17), ("large", 40, 33), ("mixed", 20, 35)):
    np.save(here / f"{name}.npy", np.stack([resized(x, h, w) for x in digits.astype(float)]).astype(np.float32))
np.save(here / "tinted.npy", np.stack([np.stack([resized(x[:, :, c], 4, 11) for c in range(3)])
                                       for x in colours.astype(float)]).astype(np.float32))
for epoch in range(2):
    np.save(here / f"moved_{epoch}.npy",
            np.stack([turned(x, k, epoch) for k, x in enumerate(digits)]).astype(np.float32))
