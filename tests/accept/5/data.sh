# shellcheck shell=bash
# Data sets from outside, how fast they are read, weights in and out.

# Least milliseconds of five runs of a script.
least_of() { (cd "$here" && milliseconds 5 "$qgn" run --fresh -q "$1") | cut -d' ' -f1; }

group_data() {
  local status figure
  mkdir -p "$here/fetch"
  (cd "$here/fetch" && QGN=$qgn QGN_ROOT=$clone bash "$clone/tests/cli/data_fetch.sh" >said.txt 2>&1)
  status=$?
  point 'make data' 'tests/cli/data_fetch.sh: a server on localhost' "$(wc -l <"$here/fetch/asked") requests, status $status" \
    'wrong hash, truncated, 404, resumed' "$([ $status = 0 ] && echo ok || echo no)"
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
