# The rules of spec.md, a line each: an id, a tab, the sentence. A rule is a sentence that says what must be, what is refused,
# or which message it gives; also a row of a table that is written by hand. Examples and made tables hold none.
#
# The id is the number of the section and a hash of the sentence without its layout: text that moves keeps its ids, a rule
# that is changed gets a new one, and tests/spec/coverage.txt has to be looked at.
#
#   awk -f tools/rules.awk spec.md
BEGIN {
  for (i = 0; i < 256; i++) ord[sprintf("%c", i)] = i
}

function hash(text,    i, h) {
  h = 5381
  for (i = 1; i <= length(text); i++) h = (h * 33 + ord[substr(text, i, 1)]) % 1000003
  return sprintf("%05x", h)
}

function rule(text) {
  gsub(/[ \t]+/, " ", text)
  sub(/^ /, "", text)
  sub(/ $/, "", text)
  if (text ~ /\*must\*/) return # about the word
  if (text ~ /(^|[^a-z])must([^a-z]|$)/ || text ~ /refuse/ || text ~ /[EW]0[0-9][0-9][0-9]/) print (section == "" ? 0 : section) "-" hash(text) "\t" text
}

# A sentence ends with a stop before a space and what may begin another: no small letter, no number of a list.
function flush(    rest, at) {
  rest = paragraph " "
  paragraph = ""
  while (match(rest, /[.:][*)]* +[A-Z`*(]/)) {
    at = RSTART + RLENGTH - 2
    rule(substr(rest, 1, at))
    rest = substr(rest, at + 1)
  }
  rule(rest)
}

/^```/ { flush(); code = !code; next }
code { next }
/^<!-- table/ { flush(); made = 1; next }
/^<!-- end/ { made = 0; next }
made { next }
/^## / { flush(); section = $2; sub(/\.$/, "", section); next }
/^#/ || /^    / || /^$/ { flush(); next }
/^\|/ { flush(); rule($0); next }
/^ *(-|[0-9]+\.) / { flush(); sub(/^ *(-|[0-9]+\.) /, "") }
{ paragraph = paragraph " " $0 }
END { flush() }
