# Document 003: quick tiers, results, length of the core scripts, Fashion-MNIST, the comparison with PyTorch.
# shellcheck shell=bash disable=SC2154

# The twelve headline results of all four documents, NUMBER:CLAIM, by the claims that stand for them.
headline='1:S0.31 2:S1.21 3:S2.10 4:S2.05 5:S3.78 6:S3.47 6:S3.68 6:S3.69 6:S3.75 6:S3.43 7:S3.34 7:S3.35 7:S3.36 8:S2.04
  9:S0.04 9:S1.23 10:S3.58 10:S3.59 10:S3.79 11:S3.81 11:S3.86 12:S2.09'

group_quick() {
  local f good=0 all=0 t0=$SECONDS seconds
  for f in "$clone"/examples/syndicate/*.qgn; do
    [ "${f##*/}" = parts.qgn ] && continue
    all=$((all + 1))
    if (cd "$here" && "$qgn" run --fresh -q "$f" >"${f##*/}.txt" 2>&1) && ! grep -q '^FAILED' "$here/${f##*/}.txt"; then
      good=$((good + 1))
    fi
  done
  seconds=$((SECONDS - t0))
  point 'quick tiers, drawn digits' 'qgn run examples/syndicate/*.qgn' "$good of $all green, $seconds s" 'all, <= 90 s' \
    "$(holds "$good == $all && $all >= 9 && $seconds <= 90")"
  point 'quick tiers in make test' 'tests/cli/syndicate_slow.sh' \
    "$(grep -c 'must "$QGN" run' "$clone/tests/cli/syndicate_slow.sh") loop over all scripts" '1' \
    "$(holds "$(grep -c 'must "$QGN" run' "$clone/tests/cli/syndicate_slow.sh") == 1")"
}

group_length() {
  local f n=0 form
  for f in parts vae gan vqvae qvae qgan; do
    n=$((n + $(sed -E 's/#.*//' "$clone/examples/syndicate/$f.qgn" | grep -c '[^[:space:]]')))
  done
  form=$(for f in "$clone"/examples/syndicate/*.qgn; do "$qgn" fmt --check "$f" 2>&1; done | wc -l)
  point 'length of the core scripts' 'lines of the module and the five models without blanks and comments' "$n lines, $form not formatted" \
    '<= 320, 0' "$(holds "$n <= 320 && $form == 0")"
}

group_results() {
  local out status id open=''
  out=$(QGN=$qgn python3 "$clone/tools/results.py" --check 2>&1)
  status=$?
  point 'docs/results.md' 'tools/results.py --check' "status $status ${out:0:80}" 'of the present scripts, up to date' "$([ $status = 0 ] && echo ok || echo no)"
  for id in $headline; do
    grep "^| ${id#*:} |" "$clone/docs/results.md" | grep -vq '| not run |' || open="$open $id"
  done
  point 'the twelve headline claims' 'docs/results.md' "not run:${open:- none}" 'a number, interval, seeds, tier and verdict for each' \
    "$([ -z "$open" ] && echo ok || echo no)"
  out=$(QGN=$qgn python3 "$clone/tools/results.py" --spot 2>&1 | grep syndicate)
  point 'a cheap result again' 'make results-spot' "${out:0:120}" 'the same bits' "$(grep -q '^ok' <<<"$out" && echo ok || echo no)"
}

group_fashion() {
  local out
  if [ ! -f "${QGN_DATA:-}/fashion-mnist/train-images-idx3-ubyte.gz" ]; then
    out=$(cd "$here" && "$qgn" run -q "$clone/examples/syndicate/vae.qgn" --set source=fashion 2>&1 | head -1)
    point 'Fashion-MNIST' '--set source=fashion' 'not run: no data' 'runs where its files are; else named' \
      "$(grep -q 'E0501.*fashion-mnist' <<<"$out" && echo ok || echo no)"
    return
  fi
  (cd "$here" && "$qgn" run --fresh -q "$clone/examples/syndicate/vae.qgn" --set source=fashion >fashion.txt 2>&1)
  point 'Fashion-MNIST' '--set source=fashion' "status $?" '0' "$(grep -q '^FAILED' "$here/fashion.txt" && echo no || echo ok)"
}

group_seen() {
  local name n=0
  for name in vae qvae circuits; do
    grep -q "$(sha256sum "$clone/examples/syndicate/$name.png" | cut -d' ' -f1)" "$clone/tests/accept/8.seen" && n=$((n + 1))
  done
  point 'figures of reports' 'examples/syndicate/*.png, tests/accept/8.seen' "$n of 3 looked at as they are" '3' "$(holds "$n == 3")"
}

# The figures of bench/syndicate/results.json: the same models trained by a PyTorch script.
group_torch() {
  local file=$clone/bench/syndicate/results.json
  if [ ! -f "$file" ]; then
    point 'against PyTorch' 'bench/syndicate/results.json' 'not run' 'loss and SSIM within 3 %, FID ranges overlap' no
    return
  fi
  while IFS='|' read -r name figure bound ok; do
    point "against PyTorch: $name" 'python -m bench.syndicate.compare' "$figure" "$bound" "$ok"
  done < <(python3 "$clone/bench/syndicate/verdict.py" "$file")
}
