# shellcheck shell=bash disable=SC2154 # names that 4.sh sets
# What checks, instruments and augmentation cost: tests/soak/cost.c trains with and without in turn.

cost_point() { # point, bound, rest: arguments of cost
  local said name=$1 bound=$2
  shift 2
  said=$("$clone/build/release/tests/soak/cost" "$@" 2>"$accept_tmp/cost.err") || cat "$accept_tmp/cost.err"
  point "$name" "tests/soak/cost, ${*: -4:1} s x ${*: -3:1} rounds of each" "${said:-not measured}" "<= $bound %" \
    "$([ -n "$said" ] && holds "${said%% *} <= $bound" || echo no)"
}

group_cost() {
  local w digits='s/^  epochs = .*/  epochs = 1000000; data = digits; batch = batch/; s/step {/step image[B, 1, 28, 28] {/
    /draw x\[/d; s/draw z\[batch/draw z[B/; s/D(x)/D(image)/g'
  make --no-print-directory -C "$clone" build/release/tests/soak/cost >"$accept_tmp/cost.log" 2>&1 || tail -15 "$accept_tmp/cost.log"
  for w in 2 4 6; do
    sed 's/^  epochs = .*/  epochs = 1000000/' "$clone/bench/w$w/w$w.qgn" >"$here/w$w.qgn"
    cost_point "looking for NaN and infinite values, W$w" 1 --unchecked 0.1 40 "$here/w$w.qgn" "$here/w$w.qgn"
  done
  sed 's/^  epochs = .*/&; instruments = false/' "$here/w4.qgn" >"$here/plain.qgn"
  cost_point 'instruments of adversarial training, W4' 2 0.1 40 "$here/w4.qgn" "$here/plain.qgn"
  sed "$digits" "$clone/bench/w4/w4.qgn" | sed 's/^train/dataset digits { glyphs(640); scale(-1, 1) }\n&/' >"$here/still.qgn"
  sed 's/scale(-1, 1) }/scale(-1, 1); augment(rotate = 10deg, shift = 2px) }/' "$here/still.qgn" >"$here/moved.qgn"
  cost_point 'augmentation of W4 on images, one thread' 5 0.1 20 "$here/moved.qgn" "$here/still.qgn"
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

# QGN_DATA holds MNIST where it was fetched.
group_images_read() {
  local said
  make --no-print-directory -C "$clone" build/release/tests/unit/data_read >"$accept_tmp/read.log" 2>&1 || tail -15 "$accept_tmp/read.log"
  said=$("$clone/build/release/tests/unit/data_read" 2>&1 | sed -n 's/^# 60 000 images in \([0-9.]*\) s$/\1/p')
  point '60 000 images are read' 'tests/unit/data_read (MNIST under QGN_DATA)' "${said:-not measured} s" '< 0.3 s' \
    "$([ -n "$said" ] && holds "$said < 0.3" || echo no)"
}
