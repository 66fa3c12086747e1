set terminal svg size 1500,620 font 'sans,12' noenhanced background 'white'
set output 'time.svg'
set multiplot layout 1,3
set logscale y
set format y '%g'
set xlabel 'qubits'
set grid
set xtics 2
set lmargin 12
set rmargin 2
set bmargin 10
set yrange [0.0001:10000.0]
$d1_0 << EOD
2 0.00095314
4 0.00124278
6 0.00179588
8 0.00328535
10 0.00921254
12 0.0350716
14 0.168654
16 0.684175
20 16.246
22 77.6367
EOD
$d1_1 << EOD
2 0.0505105
4 0.060115
6 0.0787083
8 0.116256
10 0.188627
12 0.519045
14 2.46481
16 7.71876
20 251.2
22 1012
EOD
$d1_2 << EOD
2 0.0454127
4 0.071612
6 0.108822
8 0.189718
10 0.434198
12 1.77475
14 7.27056
16 46.0134
20 1184.31
22 4783.15
EOD
$d1_3 << EOD
2 0.0690872
4 0.122578
6 0.164004
8 0.297258
10 0.326492
12 0.506425
14 1.45873
EOD
$d1_4 << EOD
2 0.738727
4 1.08209
6 1.41188
8 1.7359
10 2.23639
12 3.20251
14 5.25364
16 12.6364
20 158.347
22 2228.87
EOD
$d1_5 << EOD
2 0.155799
4 0.218322
6 0.30185
8 0.483702
10 1.22104
12 4.34565
14 25.5198
16 75.9351
20 1539.32
22 6821.93
EOD
$d1_6 << EOD
2 4.16166
4 8.91191
6 16.0178
8 18.4887
10 26.9947
12 35.4775
14 66.4897
16 162.574
20 4488.89
EOD
$d1_7 << EOD
2 1.9214
4 2.95723
6 5.02698
8 5.24088
10 7.39117
12 8.00238
14 12.0231
16 21.5184
20 412.213
22 2408.86
EOD
unset key
set ylabel 'milliseconds'
set title 'batch 1, forward and gradient'
plot $d1_0 using 1:2 with linespoints pt 7 ps 0.5 lw 3 lc rgb '#000000' title 'qgn', \
  $d1_1 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#1f77b4' title 'JAX, by hand, Kronecker products', \
  $d1_2 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#17becf' title 'JAX, by hand, gate by gate', \
  $d1_3 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#2ca02c' title 'TensorCircuit-NG + JAX', \
  $d1_4 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#d62728' title 'PyTorch, by hand, Kronecker products', \
  $d1_5 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#9467bd' title 'Qulacs, backprop, a loop over the batch', \
  $d1_6 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#ff7f0e' title 'PennyLane + PyTorch, backprop', \
  $d1_7 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#8c564b' title 'PennyLane lightning, adjoint, a loop over the batch'
$d32_0 << EOD
2 0.00200764
4 0.00249024
6 0.00414891
8 0.0124565
10 0.0582933
12 0.375857
14 1.70531
EOD
$d32_1 << EOD
2 0.051371
4 0.0808823
6 0.160624
8 0.634527
10 2.15024
12 7.1387
14 58.3449
EOD
$d32_2 << EOD
2 0.0806039
4 0.17445
6 0.499526
8 1.89266
10 7.85946
12 98.6814
14 427.281
EOD
$d32_3 << EOD
2 0.115833
4 0.231335
6 0.403222
8 0.791335
10 1.17698
12 3.84361
14 15.5043
EOD
$d32_4 << EOD
2 0.804771
4 1.12482
6 1.59355
8 2.66073
10 4.8547
12 14.9329
14 54.5075
EOD
$d32_5 << EOD
2 4.59597
4 6.34472
6 8.84269
8 15.9343
10 38.2155
12 132.771
14 477.048
EOD
$d32_6 << EOD
2 5.6248
4 8.98743
6 16.5736
8 35.0007
10 80.8762
12 366.349
14 1190.55
EOD
$d32_7 << EOD
2 63.0349
4 98.4508
6 132.823
8 224.494
10 216.971
12 306.437
14 441.908
EOD
set key at screen 0.5, 0.02 center bottom maxrows 4
unset ylabel
set title 'batch 32, forward and gradient'
plot $d32_0 using 1:2 with linespoints pt 7 ps 0.5 lw 3 lc rgb '#000000' title 'qgn', \
  $d32_1 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#1f77b4' title 'JAX, by hand, Kronecker products', \
  $d32_2 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#17becf' title 'JAX, by hand, gate by gate', \
  $d32_3 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#2ca02c' title 'TensorCircuit-NG + JAX', \
  $d32_4 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#d62728' title 'PyTorch, by hand, Kronecker products', \
  $d32_5 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#9467bd' title 'Qulacs, backprop, a loop over the batch', \
  $d32_6 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#ff7f0e' title 'PennyLane + PyTorch, backprop', \
  $d32_7 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#8c564b' title 'PennyLane lightning, adjoint, a loop over the batch'
$d256_0 << EOD
2 0.00769004
4 0.0157982
6 0.0340799
8 0.0968984
10 0.448161
12 2.69752
14 14.3722
EOD
$d256_1 << EOD
2 0.0717703
4 0.196203
6 0.971114
8 2.69262
10 14.1417
12 115.859
14 625.197
EOD
$d256_2 << EOD
2 0.193618
4 0.765227
6 3.06821
8 10.0724
10 87.0318
12 899.405
14 3528.57
EOD
$d256_3 << EOD
2 0.241841
4 0.785627
6 2.11674
8 2.69972
10 6.08782
12 136.399
14 321.258
EOD
$d256_4 << EOD
2 0.866928
4 1.43009
6 3.02203
8 5.22992
10 21.7556
12 116.119
14 1094.29
EOD
$d256_5 << EOD
2 36.1331
4 52.9494
6 72.7767
8 118.572
10 314.984
12 1077.87
14 4082.25
EOD
$d256_6 << EOD
2 4.33593
4 11.6312
6 27.8985
8 81.2164
10 373.453
12 3341.15
EOD
$d256_7 << EOD
2 481.253
4 865.945
6 1540.62
8 1367.34
10 2070.26
12 2510.61
14 4388.01
EOD
unset key
unset ylabel
set title 'batch 256, forward and gradient'
plot $d256_0 using 1:2 with linespoints pt 7 ps 0.5 lw 3 lc rgb '#000000' title 'qgn', \
  $d256_1 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#1f77b4' title 'JAX, by hand, Kronecker products', \
  $d256_2 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#17becf' title 'JAX, by hand, gate by gate', \
  $d256_3 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#2ca02c' title 'TensorCircuit-NG + JAX', \
  $d256_4 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#d62728' title 'PyTorch, by hand, Kronecker products', \
  $d256_5 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#9467bd' title 'Qulacs, backprop, a loop over the batch', \
  $d256_6 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#ff7f0e' title 'PennyLane + PyTorch, backprop', \
  $d256_7 using 1:2 with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '#8c564b' title 'PennyLane lightning, adjoint, a loop over the batch'
