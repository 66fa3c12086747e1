/* report.html and report.md. The page stands alone: styles and pictures are in it, a content
 * policy forbids everything else, and every text from outside goes through text_html. */
#include <stdio.h>
#include <string.h>
#include "runtime/record/record_int.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--line:#d9dde2;--back:#ffffff;--card:#f6f7f9;"
    "--good:#00724f;--bad:#b03a00;--live:#0b5c9e}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#a0a8b3;--line:#3a414a;--back:#15181c;--card:#1e2227;"
    "--good:#4fc39a;--bad:#ff9a5c;--live:#7fbdf0}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:54rem;padding:1.5rem 1rem 4rem;font:16px/1.55 system-ui,sans-serif;color:var(--ink);"
    "background:var(--back)}\n"
    "h1{font-size:1.5rem;line-height:1.25;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
    "p{margin:.5rem 0}.soft,figcaption{color:var(--soft);font-size:.88rem}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.92rem}\n"
    "th,td{padding:.28rem .8rem .28rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}\n"
    "th{font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".live{color:var(--live);font-weight:600}\n"
    "code{font:.88em ui-monospace,monospace}\n"
    ".good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}\n"
    "figure{margin:1rem 0;padding:.75rem;background:#fff;color:#1b1f24;border:1px solid var(--line);border-radius:8px}\n"
    "figure{overflow-x:auto}figure svg,figure img{width:100%;height:auto;display:block;max-width:660px}figure img{image-rendering:pixelated;max-width:560px}figure figcaption{color:#5b6470;margin-top:.4rem}\n"
    "@media print{body{max-width:none}}\n";

/* ---- small pieces ------------------------------------------------------------------------------ */

static void tag(Text *t, const char *name, const char *class_name, const char *s) {
  if (class_name) text_printf(t, "<%s class=\"%s\">", name, class_name);
  else text_printf(t, "<%s>", name);
  text_html(t, s);
  text_printf(t, "</%s>", name);
}

static void heading(Text *t, const char *s) {
  tag(t, "h2", NULL, s);
  text_add(t, "\n");
}

static void open_table(Text *t, const char *const *head, int n) {
  text_add(t, "<div class=\"scroll\"><table>\n");
  if (!n) return;
  text_add(t, "<tr>");
  for (int i = 0; i < n; i++) tag(t, "th", NULL, head[i]);
  text_add(t, "</tr>\n");
}

static void close_table(Text *t) { text_add(t, "</table></div>\n"); }

static void put_number(const Record *r, double x, Text *t) { tag(t, "td", "n", text_short(r->arena, x)); }

/* ---- parts of the page -------------------------------------------------------------------------- */

static void put_settings(const Record *r, Text *t) {
  const Program *p = r->spec.program;
  static const char *const head[] = {"setting", "value", ""};
  heading(t, "Settings");
  open_table(t, head, 3);
  text_printf(t, "<tr><td>seed</td><td class=\"n\">%llu</td><td></td></tr>\n", (unsigned long long)p->seed);
  text_printf(t, "<tr><td>precision</td><td class=\"n\">%s</td><td></td></tr>\n",
              p->is_double ? "double" : "single");
  for (int i = 0; i < p->hypers.n; i++) {
    text_add(t, "<tr>");
    tag(t, "td", NULL, p->hypers.at[i].name);
    tag(t, "td", "n", p->hypers.at[i].value);
    tag(t, "td", "soft", p->hypers.at[i].overridden ? "set for this run" : "");
    text_add(t, "</tr>\n");
  }
  close_table(t);
}

static void put_expects(const Record *r, Text *t) {
  static const char *const head[] = {"", "expected", "measured", "bound"};
  if (!r->expects.n) return;
  heading(t, "Expectations");
  open_table(t, head, 4);
  for (int i = 0; i < r->expects.n; i++) {
    const RecordExpect *x = &r->expects.at[i];
    text_add(t, "<tr>");
    tag(t, "td", x->holds ? "good" : "bad", x->holds ? "ok" : "FAILED");
    text_add(t, "<td>");
    tag(t, "code", NULL, x->condition);
    if (x->why) {
      text_add(t, " ");
      tag(t, "span", "soft", x->why);
    }
    text_add(t, "</td>");
    if (x->has_sides) put_number(r, x->left, t), put_number(r, x->right, t);
    else text_add(t, "<td></td><td></td>");
    text_add(t, "</tr>\n");
  }
  close_table(t);
}

static void put_claims(const Record *r, Text *t) {
  static const char *const head[] = {"claim", "holds if", "the document", "measured", "verdict"};
  const Program *p = r->spec.program;
  if (!p->claims.n) return;
  heading(t, "Claims of the document");
  open_table(t, head, 5);
  for (int i = 0; i < p->claims.n; i++) {
    const RecordClaim *x = &r->claims[i];
    text_add(t, "<tr>");
    tag(t, "td", NULL, p->claims.at[i].id);
    text_add(t, "<td>");
    tag(t, "code", NULL, p->claims.at[i].text);
    text_add(t, "</td>");
    tag(t, "td", NULL, x->document ? x->document : "");
    tag(t, "td", NULL, x->measured ? x->measured : "");
    tag(t, "td",
        x->verdict == CLAIM_REPRODUCED                                 ? "good"
        : x->verdict == CLAIM_NOT_RUN || x->verdict == CLAIM_UNDECIDED ? "soft"
                                                                       : "bad",
        claim_verdict_text(x->verdict));
    text_add(t, "</tr>\n");
  }
  close_table(t);
}

const char *record_choice_kind(const Record *r, const ScriptChoice *c) {
  if (c->kind == CHOICE_STATED) return "stated";
  if (c->kind == CHOICE_ASSUMED) return "assumed";
  return c->times == 0 ? "changed" : arena_printf(r->arena, "changed, x %s", text_short(r->arena, c->times));
}

static void put_choices(const Record *r, Text *t) {
  static const char *const head[] = {"choice", "here", "the document", ""};
  const Program *p = r->spec.program;
  if (!p->choices.n) return;
  heading(t, "Choices");
  open_table(t, head, 4);
  for (int i = 0; i < p->choices.n; i++) {
    const ScriptChoice *c = &p->choices.at[i];
    text_add(t, "<tr>");
    text_add(t, "<td>");
    text_html(t, c->name);
    if (c->why) {
      text_add(t, "<br>");
      tag(t, "span", "soft", c->why);
    }
    text_add(t, "</td>");
    tag(t, "td", NULL, c->here);
    tag(t, "td", NULL, c->document ? c->document : "");
    tag(t, "td",
        c->kind == CHOICE_STATED    ? "good"
        : c->kind == CHOICE_CHANGED ? "live"
                                    : "soft",
        record_choice_kind(r, c));
    text_add(t, "</tr>\n");
  }
  close_table(t);
}

static void put_trains(const Record *r, const Run *run, Text *t) {
  const Program *p = r->spec.program;
  static const char *const head[] = {"train", "epochs", "last values"};
  if (!p->trains.n) return;
  heading(t, "Training");
  open_table(t, head, 3);
  for (int i = 0; i < p->trains.n; i++) {
    const Train *train = &p->trains.at[i];
    text_add(t, "<tr>");
    tag(t, "td", NULL, train->name);
    text_printf(t, "<td class=\"n\">%lld of %lld</td><td>", (long long)r->trains[i].epoch,
                (long long)train->epochs);
    bool any = false;
    for (int k = 0; k < train->series.n; k++) {
      const Series *s = &p->series.at[train->series.at[k]];
      int64_t n = run_series_entries(run, train->series.at[k]);
      if (n == 0 || shape_capacity(&s->entry) != 1) continue;
      text_html(t, arena_printf(r->arena, "%s%s %s", any ? "; " : "", s->name,
                                text_short(r->arena, run_slot_get(run, s->slot, n - 1))));
      any = true;
    }
    text_add(t, "</td></tr>\n");
  }
  close_table(t);
}

static void put_table(const ReportPart *part, Text *t) {
  if (part->text && *part->text) tag(t, "p", NULL, part->text);
  open_table(t, NULL, 0);
  for (int i = 0; i < part->rows.n; i++) {
    const PartRow *row = &part->rows.at[i];
    text_add(t, "<tr>");
    for (int k = 0; k < row->n; k++)
      tag(t, row->is_head ? "th" : "td", !row->is_head && row->numbers[k] ? "n" : NULL, row->cells[k]);
    text_add(t, "</tr>\n");
  }
  close_table(t);
}

static void put_figure(const Record *r, const RecordFigure *f, Text *t) {
  text_add(t, "<figure>\n");
  if (f->image && !f->svg) {
    text_add(t, "<img alt=\"");
    text_html(t, f->title);
    text_printf(t, "\" src=\"data:image/png;base64,%s\">", f->image);
  } else if (f->svg) text_add(t, f->svg);
  else tag(t, "p", NULL, r->no_figures ? r->no_figures : "This figure could not be drawn.");
  text_add(t, "<figcaption>");
  text_html(t, f->caption);
  const char *files = f->is_diagram         ? ".svg"
                      : f->image && !f->svg ? ".png"
                      : f->image            ? ".csv, .svg, .png"
                      : f->svg              ? ".csv, .gp, .svg, .png"
                                            : ".csv, .gp";
  text_html(t, arena_printf(r->arena, "Files: figures/%s%s.", f->name, files));
  text_add(t, "</figcaption></figure>\n");
}

static void put_parts(const Record *r, Text *t) {
  for (int i = 0; i < r->parts.n; i++) {
    const ReportPart *part = &r->parts.at[i];
    switch (part->kind) {
    case PART_HEADING: heading(t, part->text); break;
    case PART_TEXT:
      tag(t, "p", NULL, part->text);
      text_add(t, "\n");
      break;
    case PART_TABLE: put_table(part, t); break;
    case PART_FIGURE: put_figure(r, &part->figure, t); break;
    }
  }
}

/* The lines of the script's head after the first, which is the title. */
static const char *rest_of_doc(const Record *r) {
  const char *doc = r->spec.program->doc;
  const char *line = doc ? strchr(doc, '\n') : NULL;
  return line ? line + 1 : "";
}

static const char *end_text(const Record *r, RunEnd end) {
  int failed, n = record_expects(r, &failed);
  const Program *p = r->spec.program;
  if (r->live.on && r->live.sweep >= 0)
    return arena_printf(r->arena, "Running: the sweep %s.", p->sweeps.at[r->live.sweep].name);
  if (r->live.on)
    return arena_printf(r->arena, "Running: %s, epoch %lld of %lld.", p->trains.at[r->live.train].name,
                        (long long)r->trains[r->live.train].epoch,
                        (long long)p->trains.at[r->live.train].epochs);
  if (end == RUN_STOPPED && r->out_of_time)
    return "The run stopped at its --max-time; `--resume` continues it.";
  if (end == RUN_STOPPED) return "The run was interrupted; `--resume` continues it.";
  if (end == RUN_FAILED) return "The run failed before its end.";
  if (failed) return arena_printf(r->arena, "%d of %d expectations failed.", failed, n);
  return n ? arena_printf(r->arena, n == 1 ? "The expectation holds." : "All %d expectations hold.", n)
           : "The run is complete.";
}

void record_html(const Record *r, const Run *run, RunEnd end, Text *t) {
  int failed;
  record_expects(r, &failed);
  text_add(
      t,
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "img-src data:\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  if (r->live.on) text_add(t, "<meta http-equiv=\"refresh\" content=\"3\">\n");
  tag(t, "title", NULL, record_title(r));
  text_add(t, "\n<style>\n");
  text_add(t, style);
  text_add(t, "</style></head><body>\n");
  tag(t, "h1", NULL, record_title(r));
  text_add(t, "\n");
  if (*rest_of_doc(r)) tag(t, "p", "soft", rest_of_doc(r));
  text_add(t, "\n");
  tag(t, "p", r->live.on ? "live" : end == RUN_DONE && !failed ? "good" : "bad", end_text(r, end));
  text_add(t, "\n");
  if (r->live.on) record_put_live(r, run, t);
  put_parts(r, t);
  put_claims(r, t);
  put_choices(r, t);
  put_expects(r, t);
  put_trains(r, run, t);
  put_settings(r, t);
  text_add(t, "<p class=\"soft\">Run ");
  tag(t, "code", NULL, r->folder + strlen("runs/"));
  text_html(t,
            arena_printf(
                r->arena,
                ", edition %d, kernels %s. Values in full: results.json, metrics.csv. Times: timing.jsonl.",
                r->spec.program->edition, r->spec.family));
  text_add(t, "</p>\n</body></html>\n");
}

/* ---- markdown ----------------------------------------------------------------------------------- */

static void cell(Text *t, const char *s) {
  text_add(t, " ");
  text_markdown(t, s);
  text_add(t, " |");
}

static void rule(Text *t, int n) {
  text_add(t, "|");
  for (int i = 0; i < n; i++) text_add(t, " --- |");
  text_add(t, "\n");
}

static void md_table(const ReportPart *part, Text *t) {
  int most = 0;
  for (int i = 0; i < part->rows.n; i++) most = part->rows.at[i].n > most ? part->rows.at[i].n : most;
  bool head = part->rows.n > 0 && part->rows.at[0].is_head;
  if (!head) {
    text_add(t, "|");
    for (int k = 0; k < most; k++) text_add(t, "  |");
    text_add(t, "\n");
    rule(t, most);
  }
  for (int i = 0; i < part->rows.n; i++) {
    const PartRow *row = &part->rows.at[i];
    text_add(t, "|");
    for (int k = 0; k < most; k++) cell(t, k < row->n ? row->cells[k] : "");
    text_add(t, "\n");
    if (i == 0 && head) rule(t, most);
  }
  text_add(t, "\n");
}

static void md_figure(const RecordFigure *f, Text *t) {
  if (f->svg || f->image)
    text_printf(t, "![%s](figures/%s.%s)\n\n", f->name, f->name, f->svg ? "svg" : "png");
  if (f->image || f->is_diagram) text_printf(t, "%s\n\n", f->caption);
  else text_printf(t, "%sfigures/%s.csv\n\n", f->caption, f->name);
}

static void md_parts(const Record *r, Text *t) {
  for (int i = 0; i < r->parts.n; i++) {
    const ReportPart *part = &r->parts.at[i];
    switch (part->kind) {
    case PART_HEADING:
      text_add(t, "## ");
      text_markdown(t, part->text);
      text_add(t, "\n\n");
      break;
    case PART_TEXT:
      text_markdown(t, part->text);
      text_add(t, "\n\n");
      break;
    case PART_TABLE: md_table(part, t); break;
    case PART_FIGURE: md_figure(&part->figure, t); break;
    }
  }
}

static void md_claims(const Record *r, Text *t) {
  const Program *p = r->spec.program;
  if (!p->claims.n) return;
  text_add(t, "## Claims of the document\n\n| claim | holds if | the document | measured | verdict |\n");
  rule(t, 5);
  for (int i = 0; i < p->claims.n; i++) {
    text_add(t, "|");
    cell(t, p->claims.at[i].id);
    cell(t, p->claims.at[i].text);
    cell(t, r->claims[i].document ? r->claims[i].document : "");
    cell(t, r->claims[i].measured ? r->claims[i].measured : "");
    cell(t, claim_verdict_text(r->claims[i].verdict));
    text_add(t, "\n");
  }
  text_add(t, "\n");
}

static void md_choices(const Record *r, Text *t) {
  const Program *p = r->spec.program;
  if (!p->choices.n) return;
  text_add(t, "## Choices\n\n| choice | here | the document |  | why |\n");
  rule(t, 5);
  for (int i = 0; i < p->choices.n; i++) {
    const ScriptChoice *c = &p->choices.at[i];
    text_add(t, "|");
    cell(t, c->name);
    cell(t, c->here);
    cell(t, c->document ? c->document : "");
    cell(t, record_choice_kind(r, c));
    cell(t, c->why ? c->why : "");
    text_add(t, "\n");
  }
  text_add(t, "\n");
}

static void md_expects(const Record *r, Text *t) {
  if (!r->expects.n) return;
  text_add(t, "## Expectations\n\n|  | expected | measured | bound |\n");
  rule(t, 4);
  for (int i = 0; i < r->expects.n; i++) {
    const RecordExpect *x = &r->expects.at[i];
    text_add(t, "|");
    cell(t, x->holds ? "ok" : "FAILED");
    cell(t, x->condition);
    cell(t, x->has_sides ? text_short(r->arena, x->left) : "");
    cell(t, x->has_sides ? text_short(r->arena, x->right) : "");
    text_add(t, "\n");
  }
  text_add(t, "\n");
}

static void md_settings(const Record *r, Text *t) {
  const Program *p = r->spec.program;
  text_add(t, "## Settings\n\n| setting | value |\n");
  rule(t, 2);
  text_printf(t, "| seed | %llu |\n", (unsigned long long)p->seed);
  for (int i = 0; i < p->hypers.n; i++) {
    text_add(t, "|");
    cell(t, p->hypers.at[i].name);
    cell(t, p->hypers.at[i].value);
    text_add(t, "\n");
  }
}

void record_markdown(const Record *r, const Run *run, RunEnd end, Text *t) {
  (void)run;
  text_add(t, "# ");
  text_markdown(t, record_title(r));
  text_add(t, "\n\n");
  text_add(t, end_text(r, end));
  text_add(t, "\n\n");
  md_parts(r, t);
  md_claims(r, t);
  md_choices(r, t);
  md_expects(r, t);
  md_settings(r, t);
}
