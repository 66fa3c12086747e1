"""bench/w3/time.csv and time.svg: time of one evaluation against the number of qubits, a panel for each batch, a line for
each system (the better of its threads). Drawn by gnuplot, if it is there; time.csv and time.gp are written in any case."""

import csv
import json
import math
import shutil
import subprocess

from bench.tables import best, is_own

COLORS = ("#000000", "#1f77b4", "#17becf", "#2ca02c", "#d62728", "#9467bd", "#ff7f0e", "#8c564b")


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def lines(cells):
    """{(batch, title): [(n, ms)]} of all systems measured."""
    found = {}
    for c in cells:
        for title in dict.fromkeys(r["title"] for r in c["rows"]):
            ms = best([r for r in c["rows"] if r["title"] == title])
            if ms is not None:
                found.setdefault((c["cell"]["batch"], title), []).append((c["cell"]["n"], ms))
    return {k: sorted(v) for k, v in found.items()}


def draw(folder):
    """The figure of the results in `folder`; nothing without results."""
    path = folder / "results.json"
    if not path.exists():
        return
    cells = json.loads(path.read_text())["cells"]
    found = lines(cells)
    with open(folder / "time.csv", "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(("batch", "system", "n", "ms"))
        for (batch, title), points in found.items():
            out.writerows((batch, title.strip("*"), n, f"{ms:.6g}") for n, ms in points)
    batches = sorted({b for b, _ in found})
    titles = list(dict.fromkeys(r["title"] for c in cells for r in c["rows"]))
    own = {r["title"] for c in cells for r in c["rows"] if is_own(r)}
    decades = [math.log10(ms) for points in found.values() for _, ms in points]
    least, most = 10.0 ** math.floor(min(decades)), 10.0 ** math.ceil(max(decades))
    text = ["set terminal svg size 1500,620 font 'sans,12' noenhanced background 'white'", "set output 'time.svg'",
            f"set multiplot layout 1,{len(batches)}", "set logscale y", "set format y '%g'", "set xlabel 'qubits'", "set grid",
            "set xtics 2", "set lmargin 12", "set rmargin 2", "set bmargin 10", f"set yrange [{least}:{most}]"]
    for b in batches:
        text += [f"$d{b}_{i} << EOD\n" + "\n".join(f"{n} {ms:.6g}" for n, ms in found[b, t]) + "\nEOD"
                 for i, t in enumerate(titles) if (b, t) in found]
        plots = [f"$d{b}_{i} using 1:2 with linespoints pt 7 ps 0.5 lw {3 if t in own else 1.5} lc rgb '{COLORS[i % 8]}' "
                 f"title {quoted(t.strip('*'))}" for i, t in enumerate(titles) if (b, t) in found]
        middle = b == batches[len(batches) // 2]  # one key and one label for all panels
        text += ["set key at screen 0.5, 0.02 center bottom maxrows 4" if middle else "unset key",
                 "set ylabel 'milliseconds'" if b == batches[0] else "unset ylabel",
                 f"set title 'batch {b}, forward and gradient'", "plot " + ", \\\n  ".join(plots)]
    (folder / "time.gp").write_text("\n".join(text) + "\n")
    if shutil.which("gnuplot"):
        subprocess.run(["gnuplot", "time.gp"], cwd=folder, check=True)
