# shellcheck shell=bash
# shellcheck disable=SC2154 # clone, here, qgn come from 7.sh
# The prompt: transcripts, a terminal, saved sessions, sessions at random, times.

group_transcripts() {
  local out passed
  passed=$(find "$clone/tests/repl" -name '*.txt' | wc -l)
  out=$(cd "$clone" && MODE=release bash tests/run.sh repl: | tail -n 1)
  point "transcripts of the prompt" "tests/run.sh repl:" "$passed; $out" ">= 40, 0 failed" \
    "$([[ $out == *" 0 failed"* ]] && holds "$passed >= 40")"
  out=$(cd "$clone" && MODE=release bash tests/run.sh cli/repl.sh | tail -n 1)
  point "pipe, -c, exit codes, Ctrl-C without a terminal" "tests/run.sh cli/repl.sh" "$out" "0 failed" \
    "$([[ $out == *" 0 failed"* ]] && echo ok || echo no)"
}

group_terminal() {
  local out
  make --no-print-directory -C "$clone" build/release/tests/unit/cli_pty >"$here/pty.log" 2>&1
  out=$(cd "$clone" && QGN=$qgn CMOCKA_MESSAGE_OUTPUT=TAP build/release/tests/unit/cli_pty 2>&1)
  for name in lines completes stops dumb; do
    point "on a pseudo-terminal: $name" tests/unit/cli_pty "$(grep -o "ok [0-9] - $name\|not ok [0-9] - $name" <<<"$out" | head -1)" ok \
      "$(grep -q "^ok [0-9] - $name" <<<"$out" && echo ok || echo no)"
  done
}

# A session with random starts, a train, a changed hyper, a train run again and a sweep; each number of it in full.
group_saved() {
  local same
  mkdir -p "$here/saved"
  cat >"$here/saved/in.txt" <<'TXT'
hyper lr = 0.05
dataset target { normal(0, 0.2); redraw(32) }
circuit pqc(x[2]) on q[2] { param t[2, 2] ~ uniform(0, 2pi); for l in 0..2 { ry(x) q; rx(t[l]) q; cx q[0], q[1] }; return expval(Z(q)) }
model G(z[2]) -> [1] { linear(2); pqc; linear(1) }
train fit { data = target; batch = 16; epochs = 30; optimizer G = adam(lr); step x[B, 1] { draw z[B, 2] ~ normal(0, 1); minimize mean((G(z) - x)^2) over G } }
nothing
:set lr = 0.02
:rerun fit
sweep s over fit { vary lr in [0.02, 0.1]; record loss = fit.loss[-1] }
draw z[4, 2] ~ normal(0, 1)
:save session.qgn
:mode json
fit.loss
G(z)
s.loss
TXT
  (cd "$here/saved" && "$qgn" repl -q <in.txt >out.txt 2>err.txt
    printf '%s\n' fit.loss 'G(z)' s.loss >>session.qgn
    "$qgn" run -q --fresh session.qgn >run.txt 2>&1)
  same=$(
    cd "$here/saved" && python3 - <<'PY'
import glob, json
prompt = [json.loads(x)['data'] for x in open('out.txt') if x.startswith('{"kind": "value"')]
results = json.load(open(glob.glob('runs/latest/results.json')[0]))
ran = [p.get('value', p.get('values', p.get('data'))) for p in results['prints'] if p['text']] # not the lines that a run has of a sweep
ran = [x if isinstance(x, list) else [x] for x in ran]
print(sum(len(p) for p, r in zip(prompt, ran) if p == r), 'of', sum(len(p) for p in prompt))
PY
  )
  point "a saved session runs to the same bits" ":save, qgn run" "$same numbers" "35 of 35 or more" \
    "$([[ -n $same && ${same%% *} == "${same##* }" ]] && holds "${same%% *} >= 35")"
}

group_fuzz() {
  local row n out
  row=$(grep 'make soak-repl' "$clone/tests/SOAK.md")
  n=$(grep -oE '[0-9]+ statements' <<<"$row" | head -1 | tr -dc 0-9)
  point "sessions at random" "make soak-repl (tests/SOAK.md)" "${row##*| \`make soak-repl\` | }" ">= 100000 statements, 0 findings open" \
    "$([[ $row == *"0 findings open"* ]] && holds "${n:-0} >= 100000")"
  make --no-print-directory -C "$clone" build/release/tests/soak/repl >"$here/soak.log" 2>&1
  out=$("$clone/build/release/tests/soak/repl" 3000 "$RANDOM" 2>&1 | tail -n 1)
  point "sessions at random, now" "tests/soak/repl 3000" "$out" "3000 statements, nothing left, RSS flat" \
    "$(awk '/^3000 statements/ { for (i = 1; i < NF; i++) if ($i == "RSS") exit !($(i + 3) <= 1.2 * $(i + 1) + 20); exit 1 } END { if (!NR) exit 1 }' <<<"$out" && echo ok || echo no)"
}

# The seconds that `:time` says of a command in a session of its own, the median of nine, in milliseconds.
timed() { # command, statements before it
  local i
  for ((i = 0; i < 9; i++)); do
    printf '%s\n' "${@:2}" ":time $1" | "$qgn" repl -q 2>/dev/null | awk '/ s$/ { x = $1 } END { print 1000 * x }'
  done | sort -n | sed -n 5p
}

group_times() {
  local ms big least
  read -r least ms < <(milliseconds 31 "$qgn" repl -q --color never </dev/null)
  point "start to the prompt" "qgn repl </dev/null" "$ms ms (least $least)" "< 30 ms" "$(holds "$ms < 30")"
  ms=$(timed ':complete circuit c(x) on q[2] { r')
  point "completion, the first of a session" ":complete" "$ms ms" "< 10 ms" "$(holds "$ms < 10")"
  ms=$(timed ':complete let b = ab' ':complete let b = s')
  point "completion" ":complete" "$ms ms" "< 10 ms" "$(holds "$ms < 10")"
  big='circuit big(x) on q[20] { h q; for l in 0..3 { ry(x) q; cx chain(q) }; return expval(Z(q[0])) }'
  ms=$(timed ':state big(0.3)' "$big")
  point ":state of 20 qubits" ":state big(0.3)" "$ms ms" "< 100 ms" "$(holds "$ms < 100")"
  ms=$(timed ':draw big' "$big")
  point ":draw of 20 qubits" ":draw big" "$ms ms" "< 100 ms" "$(holds "$ms < 100")"
}
