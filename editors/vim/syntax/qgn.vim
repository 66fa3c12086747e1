" Made by tools/highlight.sh.
if exists("b:current_syntax")
  finish
endif
syntax case match
syntax keyword qgnKeyword as assert circuit clip dataset def draw else every expect for hyper if let maximize minimize model new on over param per repeat report return step sweep train update use var vary where with
syntax keyword qgnOperator and or not in
syntax keyword qgnConstant true false pi it epoch iteration
syntax keyword qgnFunction X Y Z abs accuracy adam adamw affine all amplitudes any argmax argmin atan2 attention augment avgpool balance bars bars_and_stripes batchnorm bernoulli bits boundary brick categorical chain check_grad choice circles claim clamp clip_norm columns concat constant conv corrupt cos cosine cost counts counts_in csv cumprod cumsum curve deconv density diagram drop dropout eigenvalues elu embedding entangle entropy erf exp expm1 exponential expval extrapolate eye fid fidelity fill flatten flip floor fraction gather gelu glyphs grad grid groups head heatmap hermitian histogram idx inception_score index invert is_finite join keep kfold ks layernorm lbfgs leaky_relu lift linear lines linspace load log log_softmax log_uniform logsumexp matmul max maxpool mean measure median metric_tensor min mod modes momentum moons nearest nearest_index noisy norm normal npy npz onehot outer pad pairs params pauli paulis plateau png poisson probs projector purity qng quantile redraw relu rename reshape resize ring rmsprop rotosolve round route row rows safe_log sample save scale scatter select sem sgd shuffle sigmoid sign silu sin softmax softplus solve split spsa sqrt stack standardize standardized star std stderr steps stop stop_grad straight_through sum take tanh tile transpose uniform upsample variance w1 warmup weights
syntax match qgnGate "\<\(amplitude\|basis\|bitflip\|bitphaseflip\|ccx\|ccz\|ch\|cp\|crx\|cry\|crz\|cswap\|cu\|cx\|cy\|cz\|damp\|dephase\|depolarize\|depolarize2\|diag\|ecr\|givens\|gphase\|h\|id\|iswap\|kraus\|multirz\|p\|pauliflip\|paulirot\|phaseflip\|readout\|relax\|reset\|rot\|rx\|rxx\|ry\|ryy\|rz\|rzx\|rzz\|s\|sdg\|swap\|sx\|sxdg\|t\|tdg\|u2\|u3\|unitary\|x\|y\|z\)\>\ze\(([^{}]*)\)\?\s\+\h"
syntax match qgnNumber "\<\d[0-9_]*\(\.\d\+\)\?\([eE][+-]\?\d\+\)\?\(deg\|rad\|turn\|pi\|π\|px\|%\|ns\|us\|µs\|ms\|s\|min\|h\)\?"
syntax match qgnInsert "{[A-Za-z_.]\+\(:[^}]*\)\?}" contained
syntax region qgnString start=+"+ skip=+\\.+ end=+"+ oneline contains=qgnInsert
syntax match qgnComment "#.*$" contains=qgnAllow
syntax match qgnDoc "##.*$"
syntax match qgnAllow "allow [WE]\d\{4}" contained
highlight default link qgnKeyword Statement
highlight default link qgnOperator Operator
highlight default link qgnConstant Constant
highlight default link qgnFunction Function
highlight default link qgnGate Identifier
highlight default link qgnNumber Number
highlight default link qgnString String
highlight default link qgnInsert Special
highlight default link qgnComment Comment
highlight default link qgnDoc SpecialComment
highlight default link qgnAllow Todo
setlocal commentstring=#\ %s
let b:current_syntax = "qgn"
