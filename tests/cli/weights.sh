#!/usr/bin/env bash
# save, load; what is saved as Python reads it, and what Python saves.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cat >net.qgn <<'TEXT'
edition = 1
model G(x[2]) -> [1] { fc1: linear(3); bn: batchnorm; tanh; fc2: linear(1) }
dataset d { uniform(-1, 1); take(32) }
let x2 = concat(d.x, 2 * d.x, axis = 1)
train fit {
  epochs = 2
  optimizer G = adam(0.1)
  step { minimize mse(G(x2), d.x) over G }
}
save("G.safetensors", G)
save("G.npz", G)
save("y.npy", G(x2))
save("tones.png", [[[0, 0.5], [1, 0.25]], [[1, 1], [0, 0]]])
save("one.png", [[-1, 0, 1]])
save("all.npz", x = x2, label = argmax(x2), big = x2[:, 0] > 0, one = 0.5)
G([0.1, 0.2])
TEXT
cat >again.qgn <<'TEXT'
edition = 1
model G(x[2]) -> [1] { fc1: linear(3); bn: batchnorm; tanh; fc2: linear(1) }
let H = new G
let K = new G
load(G, "saved/G.safetensors")
load(H, "saved/G.npz")
load(K, "fit.safetensors", from = "G")
G([0.1, 0.2])
expect norm(weights(G) - weights(H)) == 0 and norm(weights(G) - weights(K)) == 0
expect G([0.1, 0.2]) == K([0.1, 0.2]) and G([0.1, 0.2]) == H([0.1, 0.2])
TEXT
must "$QGN" run -q --fresh net.qgn >one.txt
must cp -r runs/latest/saved runs/latest/fit.safetensors .
must "$QGN" run -q --fresh again.qgn >two.txt
must [ "$(head -1 one.txt)" = "$(head -1 two.txt)" ]
must grep -q '"file": "all.npz", "arrays": \[{"name": "x", "type": "F32", "shape": \[32, 2\]' runs/net-*/results.json
# at the prompt what was loaded stays
must [ "$(printf '%s\n' "$(sed -n 2p again.qgn)" 'load(G, "saved/G.npz")' 'G([0.1, 0.2])' | "$QGN" | tail -1)" = "$(head -1 one.txt)" ]
# a weight under another name: the message says what the file has
cat >part.qgn <<'TEXT'
edition = 1
circuit c(x[1]) -> [1] on q[1] { param w[1] = 0.3; ry(x + w) q; return expval(Z(q)) }
model P(x[1]) -> [1] { c; linear(1) }
train fit { epochs = 1; optimizer P = adam(0.1); step { minimize sum(P([0.1])) over P } }
TEXT
must "$QGN" run -q part.qgn >/dev/null
must cp runs/latest/fit.safetensors part.safetensors
{ sed -n 1,3p part.qgn | sed 's/w\[1\]/v[1]/; s/+ w/+ v/'; echo 'load(P, "part.safetensors")'; } >renamed.qgn
must_not "$QGN" check renamed.qgn 2>err.txt
must grep -q 'missing: `c.v` \[1\]$' err.txt
must grep -q 'in the file: `c.w` \[1\]$' err.txt
# a file that changed is another run, and refused where the lock knows it
printf X | dd of=saved/G.npz bs=1 seek=300 conv=notrunc 2>/dev/null
must_not "$QGN" run -q again.qgn >/dev/null 2>&1
cp runs/net-*/saved/G.npz saved/
python=$(type -P "$QGN_ROOT/build/bench-env/bin/python" || type -P python3)
optional 'python3 with numpy is not here' "${python:-false}" -c 'import numpy' || finish
cat >read.py <<'TEXT'
import json, struct, zlib, numpy as np
with np.load("saved/all.npz") as z:
    assert {k: (v.dtype.str, v.shape) for k, v in z.items()} == {
        "x": ("<f4", (32, 2)), "label": ("<i8", (32,)), "big": ("|b1", (32,)), "one": ("<f4", ())}, dict(z)
    assert (z["label"] == z["x"].argmax(1)).all() and (z["big"] == (z["x"][:, 0] > 0)).all()
    x = z["x"]
raw = open("saved/G.safetensors", "rb").read()
n = int.from_bytes(raw[:8], "little")
head = json.loads(raw[8:8 + n])
head.pop("__metadata__")
state = {k: np.frombuffer(raw[8 + n:], np.float32, np.prod(v["shape"], dtype=int), v["data_offsets"][0]).reshape(v["shape"])
         for k, v in head.items()}
with np.load("saved/G.npz") as z:
    assert set(z) == set(state) and all((z[k] == state[k]).all() for k in z)
y = np.load("saved/y.npy")
def png(name):
    raw = open(name, "rb").read()
    w, h = struct.unpack(">II", raw[16:24])
    at = raw.index(b"IDAT")
    rows = zlib.decompress(raw[at + 4:at + 4 + struct.unpack(">I", raw[at - 4:at])[0]])
    return np.frombuffer(rows, np.uint8).reshape(h, w + 1)[:, 1:].tolist()
assert png("saved/one.png") == [[0, 128, 255]], png("saved/one.png")
frame = 7 * [128]
assert png("saved/tones.png") == [frame, [128, 0, 128, 128, 255, 255, 128], [128, 255, 64, 128, 0, 0, 128], frame], png("saved/tones.png")
try:
    import torch
except ImportError:
    h = (x @ state["fc1.weight"].T + state["fc1.bias"] - state["bn.running_mean"]) / np.sqrt(state["bn.running_var"] + 1e-5)
    out = np.tanh(h * state["bn.weight"] + state["bn.bias"]) @ state["fc2.weight"].T + state["fc2.bias"]
else:
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.bn, self.fc2 = torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1)
        def forward(self, x):
            return self.fc2(torch.tanh(self.bn(self.fc1(x))))
    net = Net().eval()
    left = net.load_state_dict({k: torch.tensor(v) for k, v in state.items()}, strict=False)
    assert not left.unexpected_keys and left.missing_keys in ([], ["bn.num_batches_tracked"]), left
    out = net(torch.tensor(x)).detach().numpy()
    state = {k: v.numpy() for k, v in net.state_dict().items()}
assert abs(out - y).max() < 1e-5, abs(out - y).max()
np.savez_compressed("saved/G.npz", **{k: v.astype("f8") if k == "fc2.bias" else v for k, v in state.items()})
TEXT
must "$python" read.py
must "$QGN" run -q --update-lock again.qgn >three.txt
must [ "$(head -1 one.txt)" = "$(head -1 three.txt)" ]
finish
