"""Workloads W4, W5 and W6, what one step computes: sizes, initial weights and noise, shared by all systems. numpy only.

Linear layers are [out, in], convolutions [out, in, kernel, kernel], transposed ones [in, out, kernel, kernel]; all single
precision; Adam (betas 0.9 and 0.999, eps 1e-8) with the rate of RATE. Everything random is drawn anew in each step.

w4  quantum GAN, batch 64. Generator: z ~ N(0, 1)^8, the circuit of W2 on 8 qubits (H, RY(z), 3 layers of RY, RZ and a CNOT chain,
    Z on all), linear 8 -> 3136 = 64 x 7 x 7, deconv 64 -> 32 (kernel 4, stride 2, pad 1), batch norm, relu, deconv 32 -> 1
    (4, 2, 1), tanh. Discriminator: conv 1 -> 32 (4, 2, 1), leaky relu 0.2, dropout 0.3, conv 32 -> 64 (4, 2, 1), leaky relu 0.2,
    dropout 0.3, linear 3136 -> 1. With fake = G(z) computed once: one update of D by bce(D(x), 1) + bce(D(fake), 0), x uniform in
    (-1, 1), then one of G by bce(D(fake), 1) with the new D. Its classical twin has tanh(linear 8 -> 8) in place of the circuit.
w5  convolutional VAE, batch 64. Encoder: conv 1 -> 32 -> 64 -> 128 (kernel 3, stride 2, pad 1), relu after each, two linear layers
    2048 -> 32 (mu, logvar). Decoder: mu + exp(logvar / 2) * N(0, 1), linear 32 -> 2048, relu, deconv 128 -> 64 -> 32 -> 1 (3, 2, 1;
    to 7, 14 and 28 pixels), relu between. Loss: binary cross-entropy of the last layer as logits with the image, uniform in
    (0, 1), plus the KL divergence from N(0, 1); both summed over an image, means over the batch.
w6  hybrid classifier, batch 32. conv 1 -> 8 -> 16 (kernel 3, pad 1), relu and max pooling by 2 after each, linear 784 -> 4, the
    circuit of W2 on 4 qubits with 2 layers, linear 4 -> 3, cross-entropy with labels. Images uniform in (0, 1), labels uniform.
    Its classical twin has tanh(linear 4 -> 4) in place of the circuit.
"""

import numpy as np

BATCH = {"w4": 64, "w5": 64, "w6": 32}
RATE = {"w4": 2e-4, "w5": 1e-3, "w6": 1e-3}
BETA1, BETA2, TINY = 0.9, 0.999, 1e-8
SLOPE, DROP, LATENT, CLASSES = 0.2, 0.3, 32, 3
MEAN_EPS = 1e-5  # of batch norm

# Each layer: kind, outputs, inputs, kernel size. A circuit: layers, qubits.
LAYERS = {
    "w4": {"circuit": ("circuit", 3, 8), "project": ("linear", 3136, 8), "up1": ("deconv", 32, 64, 4), "norm": ("norm", 32),
           "up2": ("deconv", 1, 32, 4), "down1": ("conv", 32, 1, 4), "down2": ("conv", 64, 32, 4), "judge": ("linear", 1, 3136)},
    "w5": {"conv1": ("conv", 32, 1, 3), "conv2": ("conv", 64, 32, 3), "conv3": ("conv", 128, 64, 3), "mu": ("linear", 32, 2048),
           "logvar": ("linear", 32, 2048), "project": ("linear", 2048, 32), "up1": ("deconv", 64, 128, 3),
           "up2": ("deconv", 32, 64, 3), "up3": ("deconv", 1, 32, 3)},
    "w6": {"conv1": ("conv", 8, 1, 3), "conv2": ("conv", 16, 8, 3), "angles": ("linear", 4, 784), "circuit": ("circuit", 2, 4),
           "judge": ("linear", 3, 4)},
}
TWIN = {"w4": ("linear", 8, 8), "w6": ("linear", 4, 4)}  # in place of "circuit"
DISCRIMINATOR = ("down1", "down2", "judge")  # of w4; all else belongs to the generator


def layers(workload, twin=False):
    return LAYERS[workload] | ({"circuit": TWIN[workload]} if twin else {})


def weights(workload, twin=False, seed=1):
    """Initial weights as float32 arrays by "layer.weight" and "layer.bias": uniform within 1/sqrt(inputs), angles within pi."""
    rng, w = np.random.default_rng(seed), {}
    for name, (kind, out, *rest) in layers(workload, twin).items():
        if kind == "circuit":
            w[f"{name}.weight"] = rng.uniform(-np.pi, np.pi, (out, rest[0], 2))
            continue
        if kind == "norm":
            w[f"{name}.weight"], w[f"{name}.bias"] = np.ones(out), np.zeros(out)
            continue
        size = rest[1] if kind != "linear" else 1
        shape = {"linear": (out, rest[0]), "conv": (out, rest[0], size, size), "deconv": (rest[0], out, size, size)}[kind]
        fan = (rest[0] if kind != "deconv" else out) * size * size
        w[f"{name}.weight"] = rng.uniform(-1, 1, shape) / np.sqrt(fan)
        w[f"{name}.bias"] = rng.uniform(-1, 1, out) / np.sqrt(fan)
    return {k: v.astype(np.float32) for k, v in w.items()}


def masks():
    """Names and shapes of the numbers that dropout compares with DROP: the three uses of the discriminator."""
    b = BATCH["w4"]
    return {f"{use}{k}": shape for use in ("real", "fake", "again") for k, shape in ((1, (b, 32, 14, 14)), (2, (b, 64, 7, 7)))}


def noise(workload, seed=2):
    """What is random in one step, as float32 arrays, for comparing the systems with each other."""
    rng, b = np.random.default_rng(seed), BATCH[workload]
    image = rng.uniform(0, 1, (b, 1, 28, 28))
    n = {"w4": lambda: {"x": 2 * image - 1, "z": rng.standard_normal((b, 8)),
                        **{k: rng.uniform(0, 1, s) for k, s in masks().items()}},
         "w5": lambda: {"x": image, "eps": rng.standard_normal((b, LATENT))},
         "w6": lambda: {"x": image, "y": rng.integers(0, CLASSES, b)}}[workload]()
    return {k: v.astype(np.float32) for k, v in n.items()}
