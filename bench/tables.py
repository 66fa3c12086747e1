"""bench/RESULTS.md from the results of every workload (wN/results.json)."""

import json

COLUMNS = ("system", "threads", "ms per step, median", "minimum", "ratio to qgn", "steps", "compile s", "start s", "peak MB",
           "cores used")


def figure(x):
    """Three digits or more that matter, without exponents."""
    return f"{x:.{max(0, 3 - len(str(int(x))))}f}" if x >= 1 else f"{x:.4f}"


def best(rows):
    """The least median of some rows, or None."""
    return min((r["summary"]["ms_per_step_median"] for r in rows if "failed" not in r["summary"]), default=None)


def is_own(row):
    return row["key"].startswith("qgn")


def table(rows):
    """The rows of a workload of one cell as Markdown, ordered as measured; ratios to the faster qgn row."""
    own = best([r for r in rows if is_own(r)])
    lines = ["| " + " | ".join(COLUMNS) + " |", "| --- |" + " ---: |" * (len(COLUMNS) - 1)]
    for r in rows:
        s = r["summary"]
        if "failed" in s:  # the reason stands where the figures would
            lines.append(f"| {r['title']} | {r['threads']} | {s['failed'].replace('|', '/')} | | | | | | | |")
            continue
        ratio = f"{s['ms_per_step_median'] / own:.2f}" if own else "-"
        lines.append(f"| {r['title']} | {r['threads']} | {figure(s['ms_per_step_median'])} | {figure(s['ms_min'])} | {ratio} "
                     f"| {s['n']} | {s['compile_s']:.2f} | {s['start_s']:.2f} | {s['peak_mb']:.0f} | {s['cores_used']:.2f} |")
    return lines


def cell_name(cell):
    return ", ".join(f"{k} {v}" for k, v in cell.items())


def cells_table(cells):
    """One line for each cell, one column for each system (the better of its threads), milliseconds, medians."""
    titles = list(dict.fromkeys(r["title"] for c in cells for r in c["rows"]))
    lines = ["| cell | " + " | ".join(titles) + " | fastest peer / qgn |", "| --- |" + " ---: |" * (len(titles) + 1)]
    reasons = {}
    for c in cells:
        line = [cell_name(c["cell"])]
        for title in titles:
            rows = [r for r in c["rows"] if r["title"] == title]
            ms = best(rows)
            line.append(figure(ms) if ms is not None else "-")
            if ms is None and rows:
                reasons.setdefault((title, rows[0]["summary"]["failed"]), []).append(cell_name(c["cell"]))
        own, peer = best([r for r in c["rows"] if is_own(r)]), best([r for r in c["rows"] if not is_own(r)])
        line.append(f"{peer / own:.2f}" if own and peer else "-")
        lines.append("| " + " | ".join(line) + " |")
    if reasons:
        lines += ["", "Not measured:", ""]
        lines += [f"- {title}: {reason.replace('|', '/')}: {'; '.join(names)}" for (title, reason), names in reasons.items()]
    return lines


def workload(w):
    m = w["machine"]
    lines = ["", f"## W{w['name']}: {w['title']}", "",
             f"`{w['command']}`, {w['qgn']}; commit {w['commit']}, {w['date']}; load before the run {m['load_before']}", ""]
    return lines + (cells_table(w["cells"]) if "cells" in w else table(w["rows"]))


def report(folder):
    """RESULTS.md from the results.json of all workloads under `folder`."""
    paths = sorted(folder.glob("w[0-9]*/results.json"), key=lambda p: int(p.parent.name[1:]))
    all_of = [json.loads(p.read_text()) for p in paths]
    m, peers = all_of[-1]["machine"], {}
    for w in all_of:
        peers |= {n: p for n, p in w["peers"].items() if p["ok"]}
    lines = [
        "# Results of `make bench`", "",
        f"- Machine: {m['cpu']} ({m['simd']}), {m['cores']} cores, {m['os']}",
        "- Peers: " + ", ".join(f"{n} {v}" for p in peers.values() for n, v in p["versions"].items()) + f"; Python {m['python']}",
        "", "Every round runs each system once, in turn, in a process of its own. Median: of the rounds' medians; minimum: the "
        "fastest block of all rounds. Ratios are of medians, to the faster row of qgn; on a shared machine those below 1.5 mean little. "
        "Raw figures: `wN/results.json`; what is measured and how: `README.md`.",
    ]
    for w in all_of:
        lines += workload(w)
    return "\n".join(lines) + "\n"
