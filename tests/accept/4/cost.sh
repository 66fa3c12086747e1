# shellcheck shell=bash disable=SC2154 # names that 4.sh sets
# What checks, instruments and augmentation cost: tests/soak/cost.c trains with and without in turn.

# Passes where the upper end of the interval is below the bound.
cost_point() { # point, bound, rest: arguments of cost
  local said upper name=$1 bound=$2
  shift 2
  said=$("$clone/build/release/tests/soak/cost" "$@" 2>"$accept_tmp/cost.err") || cat "$accept_tmp/cost.err"
  upper=$(sed -n 's/.* to \([-0-9.]*\) %;.*/\1/p' <<<"$said")
  point "$name" "tests/soak/cost ${*//$here\//}" "${said:-not measured}" "<= $bound %, the whole interval" \
    "$([ -n "$upper" ] && holds "$upper <= $bound" || echo no)"
}

group_cost() {
  local w threads digits='s/^  epochs = .*/  epochs = 1000000; data = digits; batch = batch/; s/step {/step image[B, 1, 28, 28] {/
    /draw x\[/d; s/draw z\[batch/draw z[B/; s/D(x)/D(image)/g'
  make --no-print-directory -C "$clone" build/release/tests/soak/cost >"$accept_tmp/cost.log" 2>&1 || tail -15 "$accept_tmp/cost.log"
  for w in 2 4 6; do
    sed 's/^  epochs = .*/  epochs = 1000000/' "$clone/bench/w$w/w$w.qgn" >"$here/w$w.qgn"
    cost_point "looking for NaN and infinite values, W$w" 1 --unchecked 2 "$here/w$w.qgn"
  done
  sed 's/^  epochs = .*/&; instruments = false/' "$here/w4.qgn" >"$here/plain.qgn"
  cost_point 'instruments of adversarial training, W4' 2 4 "$here/w4.qgn" "$here/plain.qgn"
  sed "$digits" "$clone/bench/w4/w4.qgn" | sed 's/^train/dataset digits { glyphs(128); scale(-1, 1) }\n&/' >"$here/still.qgn"
  sed 's/scale(-1, 1) }/scale(-1, 1); augment(rotate = 10deg, shift = 2px) }/' "$here/still.qgn" >"$here/moved.qgn"
  for threads in 1 2; do
    cost_point "augmentation of W4 on images, threads: $threads" 5 --threads $threads 4 "$here/moved.qgn" "$here/still.qgn"
  done
}

group_blame() {
  local file good=0 all=0
  for file in nan_loss nan_gradient nan_group nan_before; do
    all=$((all + 1))
    (cd "$clone/tests/bad/train" && XDG_CACHE_HOME=$here/cache "$qgn" run "$file.qgn" --fresh -q 2>&1) >"$here/blame.txt"
    grep -q 'error\[E0601\]' "$here/blame.txt" && grep -q "the first value that is not finite is the \`[a-z]*\` here, sample [0-9]*, row [0-9]* of \`d\`" "$here/blame.txt" &&
      grep -q 'epoch [0-9]* of [0-9]*, batch [0-9]*' "$here/blame.txt" && grep -q "$file.qgn:[0-9]*:[0-9]*" "$here/blame.txt" &&
      good=$((good + 1))
  done
  rm -rf "$clone/tests/bad/train/runs"
  point 'a value that is not finite is named' 'tests/bad/train/nan_*.qgn' "$good of $all" 'node, line, epoch, batch, sample' \
    "$(holds "$good == $all")"
}
