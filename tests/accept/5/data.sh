# shellcheck shell=bash
# Data sets from outside, how fast they are read, weights in and out.

# Least milliseconds of five runs of a script.
least_of() { (cd "$here" && milliseconds 5 "$qgn" run --fresh -q "$1") | cut -d' ' -f1; }

group_data() {
  local said figure
  said=$(make --no-print-directory -C "$clone" T=data_fetch test-cli 2>/dev/null | tail -n 1)
  point 'make data' 'make T=data_fetch test-cli: a server on localhost' "$said" 'wrong hash, truncated, 404, resumed; 0 failed' \
    "$([[ $said == *' 0 failed'* && $said != 0\ passed* ]] && echo ok || echo no)"
  printf 'edition = 1\n1\n' >"$here/empty.qgn"
  printf 'edition = 1\ndataset d { idx("mnist/train-images-idx3-ubyte.gz", "mnist/train-labels-idx1-ubyte.gz") }\nexpect rows(d) == 60_000\n' \
    >"$here/mnist.qgn"
  figure=$(awk -v a="$(least_of mnist.qgn)" -v b="$(least_of empty.qgn)" 'BEGIN { print (a - b) / 1000 }')
  if [ -d "${QGN_DATA:-}/mnist" ]; then
    point '60 000 images' 'qgn run mnist.qgn, without what an empty script takes; least of 5' "$figure s" '< 0.3 s' "$(holds "$figure < 0.3")"
  else
    point '60 000 images' 'QGN_DATA' 'MNIST is not there' '< 0.3 s' no
  fi
}

group_weights() {
  local status
  mkdir -p "$here/weights"
  (cd "$here/weights" && QGN=$qgn QGN_ROOT=$clone bash "$clone/tests/cli/weights.sh" >said.txt 2>&1)
  status=$?
  point 'weights in and out' 'tests/cli/weights.sh: save, load, Python' "status $status, $(wc -l <"$here/weights/said.txt") complaints" \
    'safetensors and npz, names as in state_dict' "$([ $status = 0 ] && echo ok || echo no)"
}
