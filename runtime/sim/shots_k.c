/* Circuits with finite shots, forward. Called by the kernel of circuits. */
#include "runtime/sim/shots_k.h"

void KNAME(shots_circuit)(const KCall *c);
void KNAME(shots_circuit)(const KCall *c) {
  Sim s = sim_begin(c);
  sim_shared_angles(&s);
  sim_tables(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_forward(&s);
    shots_measure(&s, 0, true);
    if (s.plan->program->measure != MEASURE_SAMPLE) store_outputs(&s, c->out);
  }
}
