#include "lang/base/diag_format.h"
#include <string.h>
#include "lang/base/source.h"

static void put_string(const char *s, FILE *out) {
  fputc('"', out);
  for (; *s != '\0'; s++) {
    const unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
    else if (c == '\n') fputs("\\n", out);
    else if (c == '\t') fputs("\\t", out);
    else if (c < ' ') fprintf(out, "\\u%04x", c);
    else fputc(c, out);
  }
  fputc('"', out);
}

/* A place in a file; false for none. */
typedef struct Where {
  const Source *source;
  uint32_t byte[2];
  int line[2], col[2];
} Where;

static bool where(Span s, Where *w) {
  const Source *end;
  if (!src_locate(s.begin, &w->source, &w->line[0], &w->col[0])) return false;
  const uint32_t to = s.end > s.begin ? s.end : s.begin;
  if (!src_locate(to, &end, &w->line[1], &w->col[1]) || end != w->source)
    w->line[1] = w->line[0], w->col[1] = w->col[0];
  w->byte[0] = s.begin - w->source->base;
  w->byte[1] = to - w->source->base;
  return true;
}

static void put_span(Span s, const char *label, bool primary, bool *any, FILE *out) {
  Where w;
  if (!where(s, &w)) return;
  if (*any) fputc(',', out);
  *any = true;
  fputs("{\"file\":", out);
  put_string(w.source->name, out);
  fprintf(out,
          ",\"byte\":[%u,%u],\"line\":%d,\"col\":%d,\"end_line\":%d,\"end_col\":%d,\"primary\":%s,\"label\":",
          w.byte[0], w.byte[1], w.line[0], w.col[0], w.line[1], w.col[1], primary ? "true" : "false");
  if (label != NULL) put_string(label, out);
  else fputs("null", out);
  fputc('}', out);
}

static void put_fix(const Diag *d, FILE *out) {
  Where w;
  if (d->fix_text == NULL || !where(d->fix_span, &w)) return;
  fprintf(out, "{\"applicability\":\"%s\",\"edits\":[{\"file\":", d->fix_sure ? "sure" : "maybe");
  put_string(w.source->name, out);
  fprintf(out, ",\"byte\":[%u,%u],\"text\":", w.byte[0], w.byte[1]);
  put_string(d->fix_text, out);
  fputs("}]}", out);
}

static const char *level(const Diag *d) {
  return diag_info[d->code].severity == SEV_ERROR ? "error" : "warning";
}

void diag_put_json(const Diag *d, FILE *out) {
  bool any = false;
  fprintf(out, "{\"v\":1,\"level\":\"%s\",\"code\":\"%s\",\"message\":", level(d), diag_info[d->code].code);
  put_string(d->text, out);
  fputs(",\"spans\":[", out);
  put_span(d->span, d->label, true, &any, out);
  for (int i = 0; i < d->labels.n; i++)
    put_span(d->labels.at[i].span, d->labels.at[i].text, false, &any, out);
  fputs("],\"notes\":[", out);
  for (int i = 0; i < d->lines.n; i++) {
    fprintf(out, "%s{\"kind\":", i > 0 ? "," : "");
    put_string(d->lines.at[i].kind, out);
    fputs(",\"text\":", out);
    put_string(d->lines.at[i].text, out);
    fputc('}', out);
  }
  fputs("],\"fixes\":[", out);
  put_fix(d, out);
  fputs("]}\n", out);
}

/* A value of an annotation: %, line ends, and in properties : and , are escaped. */
static void put_escaped(const char *s, bool property, FILE *out) {
  for (; *s != '\0'; s++) {
    if (*s == '%' || *s == '\n' || *s == '\r' || (property && (*s == ':' || *s == ',')))
      fprintf(out, "%%%02X", (unsigned char)*s);
    else fputc(*s, out);
  }
}

void diag_put_github(const Diag *d, FILE *out) {
  Where w;
  fprintf(out, "::%s ", level(d));
  if (where(d->span, &w)) {
    fputs("file=", out);
    put_escaped(w.source->name, true, out);
    fprintf(out, ",line=%d,col=%d,endLine=%d,endColumn=%d,", w.line[0], w.col[0], w.line[1], w.col[1]);
  }
  fprintf(out, "title=%s::", diag_info[d->code].code);
  put_escaped(d->text, false, out);
  for (int i = 0; i < d->lines.n; i++) {
    fprintf(out, "%%0A%s: ", d->lines.at[i].kind);
    put_escaped(d->lines.at[i].text, false, out);
  }
  fputc('\n', out);
}
