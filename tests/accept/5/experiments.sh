# shellcheck shell=bash
# Kills, damaged files, verify, metrics, screenshots.

group_kill() {
  local out status
  out=$(bash "$clone/tests/soak/kill.sh" "$qgn" 6 "$here/kill" 2>/dev/null)
  status=$?
  point 'SIGKILL at random points' 'tests/soak/kill.sh, 6 kills: gaussian, a GAN, a sweep' "$(echo "$out" | tr '\n' ';')" \
    'byte-identical weights, metrics, results; every epoch in timing.jsonl' "$([ $status = 0 ] && echo ok || echo no)"
  out=$(sed -n 's/^| `make soak-kill` | \([0-9]*\) .*/\1/p' "$root/tests/SOAK.md" | tail -1)
  point 'soak-kill' 'tests/SOAK.md, row soak-kill' "${out:-0} kills" '>= 50' "$(holds "${out:-0} >= 50")"
}

group_malformed() {
  local files runs rows
  make --no-print-directory -C "$clone" T=data_malformed test-unit >"$accept_tmp/malformed.log" 2>&1
  files=$(cd "$clone" && build/release/tests/unit/data_malformed 2>&1 | sed -n 's/^# \([0-9]*\) malformed files.*/\1/p')
  point 'malformed data files' 'make T=data_malformed test-unit' "$files cases, $(tail -1 "$accept_tmp/malformed.log")" '>= 150 files, exact codes' \
    "$(grep -q ' 0 failed' "$accept_tmp/malformed.log" && [ "${files:-0}" -ge 150 ] && echo ok || echo no)"
  rows=$(grep -cE '^\| read_(idx|npy|npz|csv|png|gz|safetensors) \| .* 0 findings open' "$root/tests/SOAK.md")
  runs=$(sed -n 's/^| read_[a-z]* | \([0-9]*\) .*/\1/p' "$root/tests/SOAK.md" | sort -n | head -1)
  point 'fuzzing of readers' 'tests/SOAK.md, rows read_*' "${runs:-0} executions of the least, $rows without a finding" '>= 5000000 each of 7' \
    "$(holds "${runs:-0} >= 5000000 && $rows == 7")"
}

group_verify() {
  local run good=0 all=0 name
  for name in hello penalty h2 qaoa; do
    (cd "$here" && "$qgn" run "$clone/examples/$name" --fresh -q >/dev/null 2>&1)
    all=$((all + 1))
    run=$(cd "$here" && readlink runs/latest)
    (cd "$here" && "$qgn" verify "$run" >/dev/null 2>&1) && good=$((good + 1))
  done
  point 'verify of quick runs' 'qgn verify RUN' "$good of $all" 'all' "$(holds "$good == $all")"
  run=$here/runs/$run
  local file status named=0
  for file in script.qgn metrics.csv "$(cd "$run" && ls ./*.state.safetensors | head -1)"; do
    rm -rf "$here/copy" && cp -r "$run" "$here/copy"
    printf '\1' | dd of="$here/copy/$file" bs=1 seek=$(($(stat -c %s "$here/copy/$file") - 20)) conv=notrunc 2>/dev/null
    (cd "$here" && "$qgn" verify copy >/dev/null 2>err.txt)
    status=$?
    [ $status = 7 ] && grep -q "${file#./}" "$here/err.txt" && named=$((named + 1))
  done
  point 'one changed byte' 'script, metrics, weights' "$named of 3 named, exit 7" '3' "$(holds "$named == 3")"
}

group_metrics() {
  local n bad
  (cd "$here" && "$qgn" run "$clone/tests/golden/run/metrics_peer.qgn" --fresh -q >peer.txt 2>/dev/null)
  n=$(grep -c '^ok ' "$here/peer.txt") bad=$(grep -c '^FAILED' "$here/peer.txt")
  point 'metrics' 'tests/golden/run/metrics_peer.qgn' "$n equal, $bad differ" 'all to 1e-6 of scipy, scikit-learn, scikit-image' \
    "$([ "$n" -ge 26 ] && [ "$bad" = 0 ] && echo ok || echo no)"
}

group_screens() {
  local n=0 file
  for file in "$clone"/docs/report-{light,dark,phone}.png; do
    grep -q "$(sha256sum "$file" | cut -d' ' -f1)" "$clone/tests/accept/5.seen" && n=$((n + 1))
  done
  point 'screenshots of a report' 'docs/report-*.png, tests/accept/5.seen' "$n of 3 looked at as they are" '3: light, dark, 400 px' \
    "$(holds "$n == 3")"
}
