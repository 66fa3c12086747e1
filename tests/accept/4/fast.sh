# shellcheck shell=bash
# The points of "Fast": medians of one run of the bench on two cores.

# One figure of the bench's results, computed by tests/accept/4/figures.py.
images_figure() { # name
  "$clone/build/bench-env/bin/python" "$root/tests/accept/4/figures.py" "$clone/bench" "$1" 2>/dev/null
}

group_images_agree() {
  local said
  [ -d "$root/build/bench-env" ] && mkdir -p "$clone/build" && ln -sfn "$root/build/bench-env" "$clone/build/bench-env"
  said=$(cd "$clone" && build/bench-env/bin/python -m bench.images.agree 2>/dev/null)
  point 'W4, W5, W6: all systems compute the same step' 'python -m bench.images.agree' \
    "$(grep -c ' agrees: ' <<<"$said") agree, $(grep -cE ' (DISAGREES|FAILED): ' <<<"$said") do not" 'all agree, qgn included' \
    "$([ "$(grep -c '^qgn w[456] *agrees: ' <<<"$said")" = 3 ] && ! grep -qE ' (DISAGREES|FAILED): ' <<<"$said" && echo ok || echo no)"
}

group_images_fast() {
  local name bound text x
  # The peers' gigabytes are fetched once: an environment that is there already serves the clone too.
  [ -d "$root/build/bench-env" ] && mkdir -p "$clone/build" && ln -sfn "$root/build/bench-env" "$clone/build/bench-env"
  make --no-print-directory -C "$clone" bench W=4,5,6 >"$accept_tmp/bench.log" 2>&1 || tail -15 "$accept_tmp/bench.log"
  while read -r name bound text; do
    x=$(images_figure "$name")
    point "$text" "make bench W=4,5,6: $name" "${x:-not measured}" "$bound" "$([ -n "$x" ] && holds "$x $bound" || echo no)"
  done <<'END'
w4_hybrid >=2 W4, quantum GAN, against the fastest hybrid peer
w4_twin >=1.3 W4 against its purely classical twin in PyTorch
w5_eager >=1.3 W5, convolutional VAE, against PyTorch eager
w5_compiled >=1.0 W5 against the best of torch.compile and jitted JAX
w6_hybrid >=3 W6, HQCNN, against the fastest peer
w6_twin >=2 W6 against its classical twin in PyTorch
memory <=0.5 peak memory, share of PyTorch's process, the largest of W4, W5, W6
END
}
