# Documents 000, 001 and 002: quick tiers, length of the core scripts, results, reports.
# shellcheck shell=bash disable=SC2154

studies() { # example: its scripts but the module
  local f
  for f in "$clone/examples/$1"/*.qgn; do [ "${f##*/}" = parts.qgn ] || echo "$f"; done
}

# All scripts of an example in the quick tier with given images; prints "N of M green, T s".
quick_tier() { # example, images
  local dir=$here/$2/$1 f good=0 all=0 t0=$SECONDS
  mkdir -p "$dir"
  for f in $(studies "$1"); do
    all=$((all + 1))
    set -- "$1" "$2" "$f" --set tier=quick
    grep -q '^hyper images' "$f" && set -- "$@" --set "images=$2"
    if (cd "$dir" && "$qgn" run --fresh -q "${@:3}" >"${f##*/}.txt" 2>&1) && ! grep -q '^FAILED' "$dir/${f##*/}.txt"; then
      good=$((good + 1))
    fi
  done
  echo "$good of $all green, $((SECONDS - t0)) s"
}

group_quick() {
  local name text total=0 seconds
  for name in gaussian repfair augment; do
    text=$(quick_tier $name glyphs)
    seconds=${text##*, }
    total=$((total + ${seconds% s}))
    point "quick tier of $name, drawn digits" "qgn run examples/$name/*.qgn --set tier=quick" "$text" 'all expects green' \
      "$([ "${text%% of*}" = "$(studies $name | wc -l)" ] && echo ok || echo no)"
  done
  point 'quick tiers together' 'the same' "$total s" '<= 90 s' "$(holds "$total <= 90")"
  if [ ! -d "${QGN_DATA:-}/mnist" ]; then
    point 'quick tiers, MNIST' 'QGN_DATA' 'MNIST is not there' 'all expects green' no
    return
  fi
  for name in repfair augment; do
    text=$(quick_tier $name mnist)
    point "quick tier of $name, MNIST" "the same, --set images=mnist" "$text" 'all expects green' \
      "$([ "${text%% of*}" = "$(studies $name | wc -l)" ] && echo ok || echo no)"
  done
}

group_length() {
  local row name most n form
  for row in gaussian:75 repfair:150 augment:180; do
    name=${row%:*} most=${row#*:}
    n=$(sed -E 's/#.*//' "$clone/examples/$name/parts.qgn" "$clone/examples/$name/main.qgn" | grep -c '[^[:space:]]')
    form=$(for f in parts main; do "$qgn" fmt --check "$clone/examples/$name/$f.qgn" 2>&1; done | wc -l)
    point "length of $name" 'lines of parts.qgn and main.qgn without blanks and comments' "$n lines, $form not formatted" "<= $most, 0" \
      "$(holds "$n <= $most && $form == 0")"
  done
}

group_results() {
  local out status open
  out=$(QGN=$qgn python3 "$clone/tools/results.py" --check 2>&1)
  status=$?
  point 'docs/results.md' 'tools/results.py --check' "status $status ${out:0:80}" 'of the present scripts, up to date' "$([ $status = 0 ] && echo ok || echo no)"
  open=$(grep -cE '^\| S[012]\..*\| not run \|' "$clone/docs/results.md") # those of 003 are points of 8.sh
  point 'every claim of 000, 001 and 002 has a verdict' 'docs/results.md' "$open not run" '0' "$(holds "$open == 0")"
  out=$(QGN=$qgn python3 "$clone/tools/results.py" --spot 2>&1)
  status=$?
  point 'a cheap row of each document again' 'make results-spot' "$(echo "$out" | tr '\n' ';' | cut -c1-200)" 'the same bits' "$([ $status = 0 ] && echo ok || echo no)"
}

group_reports() {
  local name page loads
  for name in gaussian repfair augment; do
    (cd "$here" && "$qgn" run --fresh -q "$clone/examples/$name" --set tier=quick >/dev/null 2>&1)
    page=$here/runs/latest/report.html
    loads=$(grep -oE '(src|href)="[^"#]*"' "$page" | grep -vc '="data:')
    point "report of $name offline" 'report.html: src and href that are no data' "$loads, $(wc -c <"$page") bytes" '0' "$(holds "$loads == 0 && $(wc -c <"$page") > 2000")"
  done
}

group_seen() {
  local name n=0
  for name in gaussian repfair augment; do
    grep -q "$(sha256sum "$clone/examples/$name/report.png" | cut -d' ' -f1)" "$clone/tests/accept/6.seen" && n=$((n + 1))
  done
  point 'figures of the reports' 'examples/*/report.png, tests/accept/6.seen' "$n of 3 looked at as they are" '3' "$(holds "$n == 3")"
}
