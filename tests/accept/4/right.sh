# shellcheck shell=bash
# The points of "Right", and those of "Laws" about layers.

# Runs tests of one kind in the clone; prints the last line, "N passed, N failed, N skipped".
right_tests() { # kind, parts of names
  make --no-print-directory -C "$clone" "test-$1" T="$2" >"$accept_tmp/right.log" 2>&1
  grep ' passed, ' "$accept_tmp/right.log" | tail -1
}

# ok if none failed, none was skipped and at least so many passed
right_ok() { # last line, least number
  [[ $1 =~ ^([0-9]+)\ passed,\ 0\ failed,\ 0\ skipped$ ]] && [ "${BASH_REMATCH[1]}" -ge "$2" ] && echo ok || echo no
}

right_point() { # point, bound, least number of tests, kind, parts
  local got
  got=$(right_tests "$4" "$5")
  point "$1" "make test-$4 T=\"$5\"" "${got:-no result}" "$2" "$(right_ok "$got" "$3")"
}

group_right() {
  right_point 'every row: kernels against references, derivatives to second order, rows' \
    'all pass' 15 props 'ir_grad ir_build ir_simplify kernels exec_plan'
  right_point "PyTorch's values of every layer, loss and optimiser, ten steps" \
    '1e-12 in double, 1e-5 in single' 4 golden 'layers_peer optimizers'
  right_point 'bits of 1, 2, 3, 8 threads; a smaller last minibatch; resumed' 'identical, 1e-12, identical' 1 cli layers
  right_point "PyTorch's values of losses over pairs of rows and of joined minibatches, nine steps" \
    '1e-12 in double, 1e-5 in single' 2 golden 'run/pairs.qgn run/pairs_single'
  right_point 'pairs of rows: differences to second order, groups, a smaller minibatch, joined rows parted' \
    '1e-7, 1e-12, 1e-15, exact' 1 golden run/pairs_laws
  right_point 'pairs of rows: bits of 1, 2, 3, 8 threads; resumed' 'identical' 1 cli pairs
  right_point 'training and evaluation mode, starts, shapes' 'as the rules say' 1 golden run/layers
  right_point 'kernel larger than the image, stride 0, channels, labels, logarithms' 'the message, with its place' 20 \
    bad 'layers functions label_ log_of'
}
