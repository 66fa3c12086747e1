#!/usr/bin/env python3
"""docs/results.md from the result files of the examples, and checks of them.

    tools/results.py          writes docs/results.md; status 1 if a result file is not of the present script
    tools/results.py --spot   runs the cheapest result of each example again: every number must be the same
    tools/results.py --check  writes nothing; status 1 if docs/results.md would change

A result file, examples/NAME/results/*.json, is what `qgn show RUN --json` printed for a complete run. Its
`statements` hash (of the script and its modules, without comments, layout and reports) must be that of the
present script, or the numbers belong to another one. Rows made at an older number of numerics are marked.
examples/claims.tsv lists what is claimed: id, example, what the document says. A claim that no result file
has is a row too: "not run". examples/not_done.tsv lists what no study tests, and why. Results of the quick tier say nothing about a document; they are there to be run again.

Environment: QGN, the program (build/qgn); RESULTS_ROOT, another project folder, for tests."""
import glob
import json
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.environ.get("RESULTS_ROOT") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QGN = os.path.abspath(os.environ.get("QGN") or os.path.join(ROOT, "build", "qgn"))
# 97.5 % quantiles of Student's t by degrees of freedom.
STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
           2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093]


def fail(text):
    print(f"results: {text}", file=sys.stderr)
    sys.exit(1)


def qgn(*words, cwd=None):
    done = subprocess.run([QGN, *words], capture_output=True, text=True, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


# ---- numbers as text ---------------------------------------------------------------------------------


def short(x):
    if x is None:
        return "failed"
    if isinstance(x, str):
        return x
    if x == 0 or 1e-3 <= abs(x) < 1e5:
        return f"{x:.4g}"
    return f"{x:.2e}"


def interval(values):
    """Mean and half of its 95 % interval, of what did not fail."""
    values = [v for v in values if isinstance(v, (int, float)) and math.isfinite(v)]
    n = len(values)
    mean = sum(values) / n if n else math.nan
    if n < 2:
        return mean, 0.0, n
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    return mean, (STUDENT[n - 2] if n <= 20 else 1.96) * spread / math.sqrt(n), n


def cell(x):
    """One value; of a list, a value for each seed, the mean with its interval."""
    if not isinstance(x, list):
        return short(x)
    mean, half, n = interval(x)
    return f"{short(mean)} ± {short(half)}" if n > 1 else short(mean)


def seeds_of(result, claim):
    """Seeds of the sweep whose values the claim has, else the script's own."""
    lengths = {len(x) for x in claim["measured"] if isinstance(x, list)}
    for sweep in result["results"].get("sweeps", {}).values():
        if len(sweep["seeds"]) in lengths:
            return sweep["seeds"]
    return claim["seeds"]


def runs_of(seeds):
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)) \
        else ", ".join(map(str, seeds))


# ---- files --------------------------------------------------------------------------------------------


def read_table(name, columns):
    """The lines of examples/NAME, cells between tabs; none if there is no such file."""
    rows, path = [], os.path.join(ROOT, "examples", name)
    for line in open(path, encoding="utf-8") if os.path.exists(path) else []:
        if line.strip() and not line.startswith("#"):
            row = line.rstrip("\n").split("\t")
            if len(row) != len(columns):
                fail(f"{path}: a line is {', '.join(columns)}, with tabs between: {line.strip()}")
            rows.append(row)
    return rows


def read_results():
    out = []
    for path in sorted(glob.glob(os.path.join(ROOT, "examples", "*", "results", "*.json"))):
        try:
            one = json.load(open(path, encoding="utf-8"))
        except ValueError as e:
            fail(f"{path} is damaged: {e}")
        if not one.get("results") or one["results"].get("complete") is not True:
            fail(f"{path} is of a run that did not end")
        one["file"] = os.path.relpath(path, ROOT)
        one["example"] = one["file"].split(os.sep)[1]
        out.append(one)
    return out


def check_scripts(results):
    """Every result is of the present text of its script; hashes are computed once for each script."""
    hashes, wrong = {}, []
    for one in results:
        script = one["script"]
        if script not in hashes:
            status, text, error = qgn("dump", "--hash", os.path.join(ROOT, script))
            hashes[script] = text.strip() if status == 0 else error.strip().splitlines()[0]
        if one["lock"].get("statements") != hashes[script]:
            wrong.append(f"{one['file']}: {script} is not the script that it was made with ({hashes[script][:60]}); "
                         f"run it again: {command(one)}")
    if wrong:
        fail("\n         ".join(wrong))


def numerics():
    for line in open(os.path.join(ROOT, "runtime", "record", "record.h"), encoding="utf-8"):
        if line.startswith("#define RECORD_NUMERICS"):
            return int(line.split()[2])
    return 0


def command(one):
    script = one["script"]
    if script.endswith("/main.qgn"):
        script = script[: -len("/main.qgn")]
    return " ".join(["qgn run", script] + [f"--set {s}" for s in one["lock"]["sets"]])


def tier_of(one):
    hypers = one["results"]["hypers"]
    return hypers.get("tier", hypers.get("parts.tier", "document"))


def settings_of(one):
    """What was set from outside but the tier."""
    return ", ".join(s for s in one["lock"]["sets"] if not s.startswith("tier=")) or "-"


def seconds_of(one):
    times = one["times"]
    text = f"{times['training_seconds']:.0f}" if times["training_seconds"] >= 10 else f"{times['training_seconds']:.2g}"
    return text if times["loaded"] == 0 else f"{text} (and {times['loaded']} trains from the memo)"


# ---- the page -----------------------------------------------------------------------------------------

HEAD = """# What the documents claim, and what came out

Made by `make results` from `examples/*/results/*.json`; not to be edited. Each row is a claim of a document in one run of a
script: the document's figure, the measured one (a mean ± half of the 95 % interval where there is a value for each seed;
Student's t), and the verdict by the condition that the script states. Claims are numbered as in the scripts. Where a condition
compares two arms over several seeds, it must hold on the whole 95 % interval of the paired differences, and the opposite is
found if that holds on the whole interval; but S2.04b and most claims of `syndicate` compare means, and S1.23 counts seeds. A
difference that should be higher and whose interval holds 0 is undecided. A claim that does not reproduce is a result. A verdict
marked `(numerics 2)` was computed at that number of numerics, which is raised with every change of the program that can change
bits (`qgn version` says the present one). `make studies` runs all of it again. `seconds` are those of training on one thread of
a shared two-core machine, all points of a sweep together; a train that several studies need counts in the first of them, by the
order of `examples/studies.tsv`.
"""


def row(*cells):
    return "| " + " | ".join(str(c).replace("|", "\\|").replace("\n", " ") for c in cells) + " |\n"


def verdict_of(claim):
    """As the run says; but a difference over seeds that should be "higher" is undecided while its interval holds 0."""
    if claim["document"] == ["higher"] and len(claim["measured"]) == 1 and isinstance(claim["measured"][0], list):
        mean, half, n = interval(claim["measured"][0])
        if n > 1 and abs(mean) <= half:
            return "undecided"
    return claim["verdict"]


def claim_rows(identity, text, results, present):
    rows = []
    for one in results:
        for claim in one["results"]["claims"]:
            if claim["id"] != identity or tier_of(one) == "quick":
                continue
            old = "" if one["lock"]["numerics"] == present else f" (numerics {one['lock']['numerics']})"
            rows.append(row(identity, text, ", ".join(cell(x) for x in claim["document"]) or "no figure",
                            ", ".join(cell(x) for x in claim["measured"]), runs_of(seeds_of(one, claim)), tier_of(one),
                            settings_of(one), verdict_of(claim) + old, f"[{os.path.basename(one['file'])}](../{one['file']})"))
    return rows or [row(identity, text, "", "", "", "", "", "not run", "")]


def page(claims, results):
    present, out = numerics(), HEAD
    for example in sorted({c[1] for c in claims}):
        mine = [r for r in results if r["example"] == example]
        out += f"\n## {example}\n\n"
        out += row("claim", "what is said", "document", "measured", "seeds", "tier", "settings", "verdict", "result file")
        out += "|---" * 9 + "|\n"
        for identity, _, text in [c for c in claims if c[1] == example]:
            out += "".join(claim_rows(identity, text, mine, present))
        if mine:
            out += "\n" + row("result file", "script", "command", "kernels", "seconds") + "|---" * 5 + "|\n"
        for one in mine:
            out += row(os.path.basename(one["file"]), one["script"], f"`{command(one)}`",
                       one["lock"]["family"].split(",")[0], seconds_of(one))
        out += speed(example) + sweeps(mine)
    return out + left_out()


def left_out():
    """What no study has done, by examples/not_done.tsv."""
    rows = read_table("not_done.tsv", ["id", "example", "what", "why not"])
    out = "\n## Not done\n\nWhat the documents say or ask for and no study here tests, and why.\n\n"
    out += row("number", "example", "what", "why not") + "|---" * 4 + "|\n"
    return out + "".join(row(*r) for r in rows) if rows else ""


# What a step of each document's own stack is in bench/: workload, its row, in words.
STACKS = {
    "gaussian": [("w1", "torch_step-shift", "PennyLane and PyTorch, parameter shift")],
    "repfair": [("w4", "torch_step-w4-backprop", "PennyLane and PyTorch, backpropagation")],
    "augment": [("w4", "torch_step-w4-backprop", "PyTorch and a simulator of circuits (PennyLane), the GAN"),
                ("w6", "torch_step-w6-backprop", "PyTorch and a simulator of circuits (PennyLane), the classifier")],
}


def fastest(rows, name):
    """Least time of a step; where only processor time means something, that."""
    times = [r["summary"].get("cpu_ms", r["summary"].get("ms_per_step_median")) for r in rows if r["key"].startswith(name)]
    return min((t for t in times if t is not None), default=None)


def speed(example):
    """How much faster a step is than with the document's own stack, from the files of `make bench`, else of bench/stack.py."""
    out = "\n" + row("speed", "the document's stack", "its ms per step", "qgn", "times") + "|---" * 5 + "|\n"
    for workload, name, text in STACKS.get(example, []):
        paths = [os.path.join(ROOT, "bench", workload, file) for file in ("results.json", "stack.json")]
        path = next((path for path in paths if os.path.exists(path)), None)
        rows = json.load(open(path, encoding="utf-8"))["rows"] if path else []
        peer, own = fastest(rows, name), fastest(rows, "qgn")
        if peer and own:
            text += " (processor time, in turn on a busy machine)" if path.endswith("stack.json") else ""
            out += row(workload.upper(), text, short(peer), short(own), f"{peer / own:.0f}")
        else:
            out += row(workload.upper(), text, "not measured", "", "")
    return out if example in STACKS else ""


def sweeps(results):
    """The tables of the sweeps: a row for each point, mean and interval of each record."""
    out = ""
    for one in results:
        for name, sweep in ({} if tier_of(one) == "quick" else one["results"].get("sweeps", {})).items():
            records = [k for k in sweep if k not in ("points", "seeds")]
            records = [k for k in records if sweep[k] and len(sweep[k][0]) == max(1, len(sweep["seeds"]))]
            axes = list(sweep["points"][0]) if sweep["points"] else []
            out += f"\n`{name}` of {os.path.basename(one['file'])}, seeds {runs_of(sweep['seeds']) or '-'}:\n\n"
            out += row(*axes, *records) + "|---" * (len(axes) + len(records)) + "|\n"
            for i, point in enumerate(sweep["points"]):
                out += row(*[point[a] for a in axes], *[cell(sweep[k][i]) for k in records])
    return out


# ---- again ----------------------------------------------------------------------------------------------


def numbers(one):
    """What must be the same: everything but names of the machine, lines of the script and texts of the output."""
    results = {k: v for k, v in one["results"].items() if k not in ("content", "family", "output", "doc", "prints")}
    results["expects"] = [{k: v for k, v in e.items() if k != "line"} for e in results["expects"]]
    return results


def first_difference(x, y, place=""):
    if isinstance(x, dict) and isinstance(y, dict):
        for k in list(x) + [k for k in y if k not in x]:
            at = first_difference(x.get(k), y.get(k), f"{place}.{k}" if place else k)
            if at:
                return at
        return None
    if isinstance(x, list) and isinstance(y, list) and len(x) == len(y):
        for i, (a, b) in enumerate(zip(x, y)):
            at = first_difference(a, b, f"{place}[{i}]")
            if at:
                return at
        return None
    return None if x == y else f"{place}: {x} was stored, {y} came out"


def spot(results):
    present, bad = numerics(), 0
    for example in sorted({r["example"] for r in results}):
        mine = [r for r in results if r["example"] == example and r["lock"]["numerics"] == present]
        if not mine:
            print(f"FAIL  {example}: no result file of numerics {present}")
            bad += 1
            continue
        one = min(mine, key=lambda r: (tier_of(r) != "quick", r["times"]["training_seconds"]))
        with tempfile.TemporaryDirectory() as work:
            words = ["run", os.path.join(ROOT, one["script"]), "--fresh", "-q"]
            for s in one["lock"]["sets"]:
                words += ["--set", s]
            status, _, error = qgn(*words, cwd=work)
            shown, text, _ = qgn("show", "--json", "runs/latest", cwd=work)
            again = json.loads(text) if shown == 0 else None
        if again is None:
            print(f"FAIL  {one['file']}: running it again ends with status {status}\n{error}")
            bad += 1
        elif again["lock"]["family"] != one["lock"]["family"]:
            print(f"skip  {one['file']}: made by kernels {one['lock']['family']}, these are {again['lock']['family']}")
        else:
            at = first_difference(numbers(one), numbers(again))
            print(f"FAIL  {one['file']}: {at}" if at else f"ok    {one['file']}: every number is the same")
            bad += at is not None
    return bad


def main():
    results = read_results()
    check_scripts(results)
    if "--spot" in sys.argv:
        sys.exit(1 if spot(results) else 0)
    claims = read_table("claims.tsv", ["id", "example", "text"])
    text, path = page(claims, results), os.path.join(ROOT, "docs", "results.md")
    if "--check" in sys.argv:
        old = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        if old != text:
            fail("docs/results.md is not what `make results` writes")
        return
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    print(f"docs/results.md: {len(results)} result files")


if __name__ == "__main__":
    main()
