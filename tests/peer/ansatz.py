"""Makes tests/golden/run/ansatz.qgn: states of the circuits of std.ansatz as PennyLane and Qiskit compute them.

Qiskit's qubit 0 is the least significant, so its states are read with the bits reversed.
"""

import numpy as np
import pennylane as qml
from qiskit.circuit.library import EfficientSU2, RealAmplitudes, TwoLocal, ZFeatureMap, ZZFeatureMap
from qiskit.quantum_info import Statevector

rng = np.random.default_rng(7)
lines = []


def text(a):
    a = np.asarray(a)
    return repr(float(a)) if a.ndim == 0 else "[" + ", ".join(text(x) for x in a) + "]"


def case(name, n, call, args, state):
    pairs = np.stack([state.real, state.imag], axis=-1)
    given = ", ".join(f"{k}{list(np.shape(v))}".replace("[]", "") for k, v in args.items())
    lines.append(f"circuit {name}_of({given}) on q[{n}] {{ {call} q; return amplitudes(q) }}")
    lines.append(f"let {name}_is = {name}_of({', '.join(text(v) for v in args.values())})")
    lines.append(f"let {name}_agrees = far({name}_is, {text(pairs)}) < 1e-12")
    lines.append(f"expect {name}_agrees")


def pennylane(name, n, call, args, circuit):
    @qml.qnode(qml.device("default.qubit", wires=n))
    def f():
        circuit()
        return qml.state()

    case(name, n, call, args, np.asarray(f(), dtype=complex))


def qiskit(name, n, call, args, circuit, values):
    bound = circuit.assign_parameters(dict(zip(circuit.ordered_parameters if hasattr(circuit, "ordered_parameters") else circuit.parameters, values)))
    state = Statevector(bound.decompose().decompose()).data.reshape([2] * n).transpose(range(n - 1, -1, -1)).reshape(-1)
    case(name, n, call, args, state)


t = rng.uniform(0, 6, (3, 4, 3))
pennylane("strongly_entangling", 4, "strongly_entangling(t)", {"t": t}, lambda: qml.StronglyEntanglingLayers(t, wires=range(4)))
b = rng.uniform(0, 6, (2, 3))
pennylane("basic_entangler", 3, "basic_entangler(t)", {"t": b}, lambda: qml.BasicEntanglerLayers(b, wires=range(3)))
b2 = rng.uniform(0, 6, (2, 2))
pennylane("basic_two", 2, "basic_entangler(t)", {"t": b2}, lambda: qml.BasicEntanglerLayers(b2, wires=range(2)))
first, w = rng.uniform(0, 6, 5), rng.uniform(0, 6, (2, 4, 2))
pennylane("simplified_two_design", 5, "simplified_two_design(f, t)", {"f": first, "t": w}, lambda: qml.SimplifiedTwoDesign(first, w, wires=range(5)))
x = rng.uniform(0, 3, 3)
for axis in "xyz":
    pennylane(f"angle_{axis}", 3, f'h q; angle_embedding(x, rotation = "{axis}")', {"x": x}, lambda axis=axis: ([qml.Hadamard(i) for i in range(3)], qml.AngleEmbedding(x, wires=range(3), rotation=axis.upper())))
pennylane("iqp", 3, "iqp_embedding(x, repeats = 2)", {"x": x}, lambda: qml.IQPEmbedding(x, wires=range(3), n_repeats=2))
v = rng.uniform(-1, 1, 5)
pennylane("amplitude", 3, "amplitude_embedding(v)", {"v": v}, lambda: qml.AmplitudeEmbedding(v, wires=range(3), pad_with=0.0, normalize=True))
pennylane("qft", 3, "rx(x) q; qft()", {"x": x}, lambda: (qml.AngleEmbedding(x, wires=range(3)), qml.QFT(wires=range(3))))

r = rng.uniform(0, 6, (3, 3))
qiskit("real_amplitudes", 3, "real_amplitudes(t)", {"t": r}, RealAmplitudes(3, reps=2), r.reshape(-1))
qiskit("real_full", 3, 'real_amplitudes(t, pattern = "all")', {"t": r}, RealAmplitudes(3, reps=2, entanglement="full"), r.reshape(-1))
e = rng.uniform(0, 6, (3, 2, 3))
qiskit("efficient_su2", 3, "efficient_su2(t)", {"t": e}, EfficientSU2(3, reps=2), e.reshape(-1))
qiskit("two_local", 3, 'two_local(t, rotation = "rx", entangler = "cz", pattern = "chain")', {"t": r}, TwoLocal(3, "rx", "cz", "linear", reps=2), r.reshape(-1))
qiskit("z_map", 3, "z_feature_map(x)", {"x": x}, ZFeatureMap(3), x)
qiskit("zz_map", 3, "zz_feature_map(x)", {"x": x}, ZZFeatureMap(3), x)

with open("tests/golden/run/ansatz.qgn", "w") as f:
    f.write("""## States of std.ansatz as PennyLane and Qiskit compute them, made by tests/peer/ansatz.py.
edition = 1
precision = "double"
use std.ansatz: strongly_entangling, basic_entangler, simplified_two_design, angle_embedding, iqp_embedding, amplitude_embedding,
  qft, real_amplitudes, efficient_su2, two_local, z_feature_map, zz_feature_map, basis_embedding, reupload
# The distance of two states, whatever their global phases: 1 - |<a|b>|.
def far(a[d, 2], b[d, 2]) {
  let re = sum(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1])
  let im = sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
  return 1 - sqrt(re^2 + im^2)
}
""")
    f.write("\n".join(lines) + "\n")
    f.write("""circuit bits_of() on q[3] { basis_embedding([1, 0, 1]) q; return probs(q) }
expect bits_of()[5] == 1
circuit again_of(x[2]) on q[2] {
  param s[2, 2] = 1
  param t[2, 2, 3] = 0
  reupload(x, s, t) q
  return expval(Z(q[0]))
}
let again_agrees = abs(again_of([0.3, 0.0])[0] - cos(0.6)) < 1e-12
expect again_agrees
""")
