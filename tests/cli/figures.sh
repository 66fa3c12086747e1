#!/usr/bin/env bash
# Figures as they lie in figures/: what is in the columns, and that gnuplot draws each of them.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

cat >main.qgn <<'QGN'
edition = 1
let x = [1, 2, 3]
let reps = [[1, 2, 3, 6], [2, 2, 2, 2], [0, 4, 0, 4]]
let m = [[1, -2], [3, 4]]
dataset two { moons(40) }
circuit C(x[2]) on q[2] {
  ry(x) q
  return expval(Z(q))
}
let pictures = [[[0, 0.5], [1, 0]], [[1, 1], [0, 0]], [[0, 0], [1, 1]]]
let p = [0.125, 0.5, 1] * sum(x) / 6
model P(x[2]) -> [1] { linear(1); sigmoid }
model Q(x[2]) -> [3] { linear(3) }
report r {
  plot curve(x, reps)
  plot curve(x, reps, band = "quartiles"), curve(x, reps[0][0..3], name = "plain")
  plot lines(x, [[1, 2, 3], [4, 5, 6]], labels = ["it's", "b"])
  plot(bars(x, [3, 2, 1], labels = bits(2)[0..3]), title = "bits")
  plot scatter(two.x, by = two.label)
  plot heatmap(m, labels = ["up", "down"])
  plot boundary(P, two, levels = [0.4, 0.6])
  plot(boundary(Q, two), x_label = "first")
  images grid(pictures, 2, labels = ([7, 8, 9], p)), pictures
  images diagram(P), diagram(C)
  table row("IS", inception_score(two.x, Q))
  plot bars(fill(1, 7), labels = ["none", "matched", "copies", "rotation", "general", "customised", "real"])
}
QGN
must "$QGN" run -q main.qgn
cd runs/latest/figures || exit 1

# mean and 95 % interval of (1, 2, 3, 6): 3 -+ 3.182446 * 2.160247 / 2
line() { sed -n "$2p" "$1" | tr ',' '\n' | awk -F'\n' '{ if ($1 ~ /^-?[0-9.e-]+$/) printf "%s%.4g", n++ ? " " : "", $1; else printf "%s%s", n++ ? " " : "", $1 } END { print "" }'; }
same() { [ "$(line "$1" "$2")" = "$3" ] || { echo "$1 line $2: $(line "$1" "$2"), not $3"; failures=$((failures + 1)); }; }
same r-1.csv 1 '"x" "reps" "lower end of reps" "upper end of reps"'
same r-1.csv 2 '1 3 -0.4374 6.437'
same r-1.csv 3 '2 2 2 2'
same r-2.csv 2 '1 2.5 1.75 3.75 1 1'
same r-3.csv 1 '"x" "it'"'"'s" "x" "b"'
same r-3.csv 4 '3 3 3 6'
same r-4.csv 3 '1 2 1 2 "01"'
must grep -q "set xtics ('00' 0, '01' 1, '10' 2)" r-4.gp
must grep -q "key title 'bits'" r-4.gp
must grep -q "title '0' noenhanced" r-5.gp
same r-6.csv 3 '1 0 -2'
must grep -q "set xtics ('up' 0, 'down' 1)" r-6.gp
must grep -q 'levels discrete 0.4, 0.6' r-7.gp
must test "$(wc -l <r-7-rows.csv)" = 41
must grep -q "xlabel 'first'" r-8.gp
same r-9.csv 2 '0 "7" "0.125"'
must grep -q '>8  0.50</text>' r-9.svg
must grep -q '3 weights' r-11.svg
must grep -q 'RY(x\[1\])' r-12.svg
must grep -q "'customised' 5.* rotate by 90" r-13.gp # would touch their neighbours
must_not grep -q 'rotate' r-4.gp
must test "$(head -c 4 r-10.png | tail -c 3)" = PNG
must grep -q '!\[r-11\](figures/r-11.svg)' ../report.md
must grep -q '^Inception scores by the classes of .*Q.* (weights [0-9a-f]\{12\}) of this script' ../report.md
for i in 1 2 3 4 5 6 7 8; do
  must grep -q '</svg>' "r-$i.svg"
  must test -s "r-$i.png"
  must_not grep -q 'href="[^d#]' "r-$i.svg"
done
must test "$(grep -c '<svg' ../report.html)" = 12

# no ticks between a few epochs
cd "$(dirname "$(readlink -f ../..)")" || exit 1
cat >few.qgn <<'TEXT'
edition = 1
circuit c() on q[1] { param w[1] ~ uniform(0, 1); ry(w) q; return expval(Z(q)) }
train fit { epochs = 6; optimizer c = adam(0.1); step { minimize sum(c()) over c } }
TEXT
must "$QGN" run -q few.qgn >/dev/null
must grep -qx 'set xtics 1' runs/latest/figures/fit-1.gp
must "$QGN" run -q few.qgn --set fit.epochs=60 >/dev/null
must_not grep -q 'set xtics' runs/latest/figures/fit-1.gp

# ---- formats of texts ------------------------------------------------------------------------------
cat >texts.qgn <<'QGN'
edition = 1
let v = [1.0, 2.0]
let x = 1.7
let m = [[0.1, 0.25], [1 / 3, -0.4]]
report r { text "{v:.3f} {x:d} {m:d} {m:.1%} {v}" }
QGN
check 0 run texts.qgn -q </dev/null
must grep -qF '\[1.000, 2.000\] 2 \[0, 0, 0, 0\] \[10.0%, 25.0%, 33.3%, -40.0%\] \[1, 2\]' runs/latest/report.md
finish
