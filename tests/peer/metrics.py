"""Prints tests/golden/run/metrics_peer.qgn: metrics of the library beside the values of scipy, scikit-learn and
scikit-image for the same numbers, which both sides make of sines.

    pip install scipy scikit-learn scikit-image
    python tests/peer/metrics.py > tests/golden/run/metrics_peer.qgn
"""
import numpy as np
import scipy
import scipy.linalg
import scipy.spatial
import scipy.stats
import skimage
import skimage.metrics
import sklearn
import sklearn.metrics


def waves(count, speed, shift, scale=1.0):
    return scale * np.sin(np.linspace(shift, shift + speed * (count - 1), count)), (
        f"{scale} * sin(linspace({shift}, {shift + speed * (count - 1)!r}, {count}))")


def frechet(a, b):
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.real(scipy.linalg.sqrtm(ca @ cb))
    return np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(ca + cb - 2 * root)


def mmd(a, b, sigma):
    def k(x, y):
        return np.exp(-scipy.spatial.distance.cdist(x, y, "sqeuclidean") / (2 * sigma**2)).mean()
    return k(a, a) + k(b, b) - 2 * k(a, b)


def two(one, other):
    return one[0] + other[0], f"{one[1]} + {other[1]}"


x, x_text = two(waves(150, 1.3, 0.2), waves(150, 0.37, 0.5, 0.6))
y, y_text = two(waves(120, 0.9, 1.1, 1.5), waves(120, 2.3, 0.1, 0.4))
p, p_text = waves(240, 2.1, 0.4, 3.0)
i, i_text = waves(2 * 14 * 12, 1.9, 0.3)
j, j_text = waves(2 * 14 * 12, 1.1, 0.7)
a, b, logits = x.reshape(50, 3), y.reshape(40, 3), p.reshape(60, 4)
images, others = (i.reshape(2, 14, 12) + 1) / 2, (j.reshape(2, 14, 12) + 1) / 2
labels = np.floor(1.99999 * (np.sin(np.arange(60) * 1.7) + 1)).astype(int)
predicted = logits.argmax(1)
probability = scipy.special.softmax(logits, axis=1)
n = np.array([12.0, 30, 7, 0, 51])
share, flat = n / n.sum(), np.full(5, 0.2)

rows = [
    ("accuracy(logits, labels)", sklearn.metrics.accuracy_score(labels, predicted)),
    ("class_precision(logits, labels)",
     sklearn.metrics.precision_score(labels, predicted, average=None, labels=range(4), zero_division=0)),
    ("class_accuracy(logits, labels)",
     sklearn.metrics.recall_score(labels, predicted, average=None, labels=range(4))),
    ("worst_class(logits, labels)",
     sklearn.metrics.recall_score(labels, predicted, average=None, labels=range(4)).min()),
    ("class_f1(logits, labels)",
     sklearn.metrics.f1_score(labels, predicted, average=None, labels=range(4), zero_division=0)),
    ("flatten(confusion(logits, labels))", sklearn.metrics.confusion_matrix(labels, predicted, labels=range(4)).ravel()),
    ("mean(confidence(logits))", probability.max(1).mean()),
    ("cross_entropy(logits, labels)", sklearn.metrics.log_loss(labels, probability, labels=range(4))),
    ("variance(n)", np.var(n, ddof=1)),
    ("std(n, ddof = 0)", np.std(n)),
    ("kl_uniform(n)", scipy.stats.entropy(share, flat)),
    ("js_uniform(n)", scipy.spatial.distance.jensenshannon(share, flat) ** 2),
    ("tv_uniform(n)", np.abs(share - flat).sum() / 2),
    ("chi2_uniform(n)", scipy.stats.chisquare(n).statistic),
    ("entropy_of(n)", scipy.stats.entropy(share)),
    ("w1(a, b)", scipy.stats.wasserstein_distance(x, y)),
    ("ks(a, b)", scipy.stats.ks_2samp(x, y).statistic),
    ("mmd(a, b, σ = 1.5)", mmd(a, b, 1.5)),
    ("skewness(a)", scipy.stats.skew(x)),
    ("kurtosis(a)", scipy.stats.kurtosis(x)),
    ("quantile(a, 0.3)", np.quantile(x, 0.3)),
    ("sem(a)", scipy.stats.sem(x)),
    ("fid(a, b, features = flatten)", frechet(a, b)),
    ("inception_of(softmax(logits))",
     np.exp(np.mean([scipy.stats.entropy(q, probability.mean(0)) for q in probability]))),
    ("psnr(images, others)", skimage.metrics.peak_signal_noise_ratio(images, others, data_range=1)),
    ("ssim(images, others)",
     np.mean([skimage.metrics.structural_similarity(s, t, data_range=1) for s, t in zip(images, others)])),
    ("share_interval(0.7, 60)[0]", scipy.stats.binomtest(42, 60).proportion_ci(method="wilson").low),
    ("share_interval(0.7, 60)[1]", scipy.stats.binomtest(42, 60).proportion_ci(method="wilson").high),
    ("eigenvalues(matmul(transpose(a), a))", scipy.linalg.eigvalsh(a.T @ a)),
    ("extrapolate([1, 2, 3, 5], [0.5, 1.1, 1.4, 3.1], at = 0, degree = 2)",
     np.polyval(np.polyfit([1, 2, 3, 5], [0.5, 1.1, 1.4, 3.1], 2), 0)),
]

print(f"""# Made by tests/peer/metrics.py: values of scipy {scipy.__version__}, scikit-learn {sklearn.__version__}, scikit-image {skimage.__version__}.
edition = 1
precision = "double"
let a = reshape({x_text}, 50, 3)
let b = reshape({y_text}, 40, 3)
let logits = reshape({p_text}, 60, 4)
let images = (reshape({i_text}, 2, 14, 12) + 1) / 2
let others = (reshape({j_text}, 2, 14, 12) + 1) / 2
let labels = floor(1.99999 * (sin(linspace(0, {1.7 * 59!r}, 60)) + 1))
let n = [{", ".join(f"{v:g}" for v in n)}]""")
for text, value in rows:
    note = "   # allow W0405" if text.startswith("fid") else ""
    if np.ndim(value) == 0:
        print(f"expect {text} in {float(value)!r} ± 1e-6{note}")
    else:
        print(f"expect all(abs({text} - [{', '.join(repr(float(v)) for v in value)}]) < 1e-6){note}")
