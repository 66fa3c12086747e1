#define _GNU_SOURCE /* open_memstream */
/* The program of a script: slots, objects, datasets, trains, series, statements. */
#include "tests/unit/sema_rig.h"

static const char gan[] =
    "## A small GAN.\n"
    "## Two lines.\n"
    "edition = 1\n"
    "seed = 7\n"
    "precision = \"double\"\n"
    "hyper lr = 1e-3 where lr > 0\n"
    "hyper n = 2\n"
    "dataset target { normal(0, 0.2); redraw(50) }\n"
    "circuit pqc(x[n]) on q[n] {\n"
    "  param t[n] ~ uniform(0, 2pi)\n"
    "  rx(x) q\n"
    "  ry(t) q\n"
    "  cx chain(q)\n"
    "  return expval(Z(q[0]))\n"
    "}\n"
    "model G(z[3]) -> [1] { linear(n); pqc }\n"
    "model D(x[1]) -> [1] { linear(8); leaky_relu(0.2); linear(1) }\n"
    "train gan {\n"
    "  data = target; batch = 16; epochs = 30; checkpoint = 5\n"
    "  optimizer G, D = adam(lr, betas = (0.5, 0.9))\n"
    "  step x[B, 1] {\n"
    "    repeat 3 {\n"
    "      draw z[B, 3] ~ normal(0, 1)\n"
    "      minimize mean(D(G(z))) - mean(D(x)) over D\n"
    "    }\n"
    "    draw z[B, 3] ~ normal(0, 1)\n"
    "    minimize -mean(D(G(z))) over G\n"
    "    record last = mean(G(z))\n"
    "  }\n"
    "  every 4 { draw z[64, 3] ~ normal(0, 1); record std = std(G(z)) }\n"
    "}\n"
    "draw z[100, 3] ~ normal(0, 1)\n"
    "let fake = G(z)\n"
    "expect params(G) == 10\n"
    "expect std(fake) < 1, \"why\"\n"
    "claim(\"A.1\", mean(fake) < 1, document = (0, \"near\"), measured = mean(fake))\n"
    "report r { plot histogram(fake, bins = 9), gan.std; table row(\"std\", 0.2, std(fake)) }\n";

static void attributes(void **state) {
  (void)state;
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  assert_string_equal(p->doc, "A small GAN.\nTwo lines.");
  assert_int_equal(p->edition, 1);
  assert_int_equal(p->seed, 7);
  assert_true(p->is_double);
  assert_int_equal(p->hypers.n, 2);
  assert_string_equal(p->hypers.at[0].name, "lr");
  assert_string_equal(p->hypers.at[0].value, "0.001");
  assert_false(p->hypers.at[0].overridden);
  rig_free(&r);
}

static void overrides(void **state) {
  (void)state;
  Rig r = rig_new(gan, "n=3");
  const Program *p = rig_program(&r);
  assert_true(p->hypers.at[1].overridden);
  assert_string_equal(p->hypers.at[1].value, "3");
  assert_int_equal(p->slots.at[rig_slot(p, "pqc.t")].shape.d[0].n, 3);
  rig_free(&r);
  r = rig_new(gan, "gan.epochs=9");
  assert_int_equal(rig_program(&r)->trains.at[0].epochs, 9);
  rig_free(&r);
  r = rig_new(gan, "seed=11");
  assert_int_equal(rig_program(&r)->seed, 11);
  rig_free(&r);
}

static void weights(void **state) {
  (void)state;
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  const Slot *w = &p->slots.at[rig_slot(p, "G.linear_1.weight")], *t = &p->slots.at[rig_slot(p, "pqc.t")];
  assert_int_equal(w->kind, SLOT_PARAM);
  assert_int_equal(w->shape.rank, 2);
  assert_int_equal(w->shape.d[0].n, 2);
  assert_int_equal(w->shape.d[1].n, 3);
  assert_int_equal(w->start.kind, START_UNIFORM);
  rig_close(w->start.b, 1 / sqrt(3), 1e-15);
  rig_close(w->start.a, -w->start.b, 0);
  assert_string_equal(p->sites.at[w->site].path, "G.linear_1.weight");
  assert_int_equal(t->start.kind, START_UNIFORM);
  rig_close(t->start.b, 2 * acos(-1), 1e-15);
  assert_string_equal(p->objects.at[t->object].name, "pqc");
  for (int i = 0; i < p->objects.n; i++)
    if (strcmp(p->objects.at[i].name, "G") == 0) assert_int_equal(p->objects.at[i].n_slots, 3);
  rig_free(&r);
}

static void data_and_train(void **state) {
  (void)state;
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  const Dataset *d = &p->datasets.at[p->datasets.n - 1];
  assert_string_equal(d->name, "target");
  assert_int_equal(d->op, DATA_NORMAL);
  rig_close(d->b, 0.2, 0);
  assert_int_equal(d->rows, 50);
  assert_true(d->redraw);
  assert_string_equal(p->sites.at[d->site].path, "target.rows");
  const Train *t = &p->trains.at[0];
  assert_int_equal(t->batch, 16);
  assert_int_equal(t->checkpoint, 5);
  assert_true(t->shuffle);
  assert_int_equal(t->optimizers.n, 2);
  assert_string_equal(t->optimizers.at[1].name, "D");
  assert_int_equal(t->optimizers.at[1].n_slots, 4);
  rig_close(t->optimizers.at[0].hypers[0].base, 1e-3, 0);
  rig_close(t->optimizers.at[0].hypers[1].base, 0.5, 0);
  assert_int_equal(t->columns.n, 1);
  assert_int_equal(p->counts.at[t->batch_count].kind, COUNT_BATCH);
  assert_string_equal(p->counts.at[t->batch_count].name, "B");
  assert_int_equal(p->counts.at[t->batch_count].capacity, 16);
  assert_int_equal(t->everys.n, 1);
  assert_int_equal(t->everys.at[0].k, 4);
  rig_free(&r);
}

static const Series *series_named(const Program *p, const char *name) {
  for (int i = 0; i < p->series.n; i++)
    if (strcmp(p->series.at[i].name, name) == 0) return &p->series.at[i];
  fail_msg("there is no series %s", name);
  return NULL;
}

static void series(void **state) {
  (void)state;
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  const Series *loss = series_named(p, "gan.loss.D"), *last = series_named(p, "gan.last"),
               *sd = series_named(p, "gan.std");
  assert_int_equal(loss->capacity, 30);
  assert_true(loss->per_epoch);
  assert_int_equal(last->capacity, 30 * 4); /* 50 rows in batches of 16: 4 steps */
  assert_false(last->per_epoch);
  assert_int_equal(sd->capacity, 7);
  assert_int_equal(sd->first, 4);
  assert_int_equal(sd->stride, 4);
  assert_int_equal(p->slots.at[sd->slot].kind, SLOT_SERIES);
  assert_int_equal(p->counts.at[p->slots.at[sd->slot].shape.d[0].count].kind, COUNT_SERIES);
  rig_free(&r);
}

static void sites(void **state) {
  (void)state;
  static const char *const want[] = {"gan.step.repeat.z", "gan.step.z", "gan.every.z", "z"};
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
    bool found = false;
    for (int i = 0; i < p->sites.n; i++) found = found || strcmp(p->sites.at[i].path, want[k]) == 0;
    if (!found) fail_msg("there is no site %s", want[k]);
  }
  rig_free(&r);
}

static void step(void **state) {
  (void)state;
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  const Block *b = &p->trains.at[0].step;
  const Stmt *repeat = NULL;
  int losses = 0, records = 0;
  for (int i = 0; i < b->stmts.n; i++) {
    if (b->stmts.at[i].kind == STMT_REPEAT) repeat = &b->stmts.at[i];
    losses += b->stmts.at[i].kind == STMT_LOSS;
    records += b->stmts.at[i].kind == STMT_RECORD;
    if (b->stmts.at[i].graph != NULL) assert_null(g_verify(b->stmts.at[i].graph));
  }
  assert_non_null(repeat);
  assert_int_equal(repeat->count, 3);
  assert_int_equal(losses, 1);
  assert_int_equal(records, 1);
  const Node *update = rig_node(repeat->block, OP_UPDATE, NULL);
  assert_non_null(update);
  const UpdateInfo *info = update->attr.p;
  assert_int_equal(info->optimizer, 1);
  assert_int_equal(info->n, 4);
  assert_non_null(rig_node(repeat->block, OP_STORE, NULL));
  rig_free(&r);
}

static void after_the_train(void **state) {
  (void)state;
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  const Stmt *fixed = NULL, *measured = NULL;
  bool trained = false;
  for (int i = 0; i < p->top.stmts.n; i++) {
    const Stmt *s = &p->top.stmts.at[i];
    trained = trained || s->kind == STMT_TRAIN;
    if (s->kind == STMT_REGION) assert_true(trained);
    if (s->kind != STMT_EXPECT) continue;
    if (fixed == NULL) fixed = s;
    else measured = s;
  }
  assert_int_equal(fixed->slot, -1); /* known before the run: the truth itself */
  assert_int_equal(fixed->count, 1);
  rig_close(fixed->left.value, 10, 0);
  assert_string_equal(measured->op, "<");
  assert_string_equal(measured->text, "why");
  assert_string_equal(measured->condition, "std(fake) < 1");
  assert_true(measured->slot >= 0 && measured->left.slot >= 0);
  rig_close(measured->right.value, 1, 0);
  rig_free(&r);
}

static void claims_and_reports(void **state) {
  (void)state;
  Rig r = rig_new(gan, NULL);
  const Program *p = rig_program(&r);
  const Claim *c = &p->claims.at[0];
  assert_string_equal(c->id, "A.1");
  assert_int_equal(c->n_document, 2);
  assert_string_equal(c->document[1].text, "near");
  assert_int_equal(c->n_measured, 1);
  assert_int_equal(c->opposite, -1);
  const Report *rep = &p->reports.at[0];
  assert_int_equal(rep->items.n, 2);
  assert_int_equal(rep->items.at[0].figures.n, 2);
  assert_int_equal(rep->items.at[0].figures.at[0].bins, 9);
  assert_string_equal(rep->items.at[0].figures.at[0].label, "fake");
  assert_int_equal(rep->items.at[0].figures.at[1].kind, FIGURE_SERIES);
  assert_int_equal(rep->items.at[1].rows.at[0].n, 3);
  rig_free(&r);
}

/* Elaborating twice gives the same text: nothing depends on addresses or on what ran before. */
static void same_twice(void **state) {
  (void)state;
  char *text[2];
  for (int i = 0; i < 2; i++) {
    Rig r = rig_new(gan, NULL);
    size_t n;
    FILE *f = open_memstream(&text[i], &n);
    program_dump(rig_program(&r), f);
    fclose(f);
    rig_free(&r);
  }
  assert_string_equal(text[0], text[1]);
  free(text[0]);
  free(text[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(attributes), cmocka_unit_test(overrides),       cmocka_unit_test(weights),
      cmocka_unit_test(series),     cmocka_unit_test(data_and_train),  cmocka_unit_test(sites),
      cmocka_unit_test(step),       cmocka_unit_test(after_the_train), cmocka_unit_test(claims_and_reports),
      cmocka_unit_test(same_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
