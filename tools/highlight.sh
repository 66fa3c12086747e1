#!/bin/sh
# Highlighting, made from the tables that the program itself is made from: editors/vim/ (syntax and file type) and
# editors/qgn.tmLanguage.json (TextMate grammar, which VS Code, Sublime Text and others read).
#
#   tools/highlight.sh            writes them anew
#   tools/highlight.sh --check    status 1 if that would change anything
set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/.." || exit 2
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
mkdir -p "$out/vim/syntax" "$out/vim/ftdetect"

# The names of the rows of a .def file, sorted: the first text of each row.
names() { # macro file
  sed -n "s/^$1([^\"]*\"\\([A-Za-z_0-9]*\\)\".*/\\1/p" "$2" | sort -u
}
words() { tr '\n' ' ' | sed 's/ $//'; }
either() { tr '\n' '|' | sed 's/|$//'; }

keywords=$(names KEYWORD grammar/keywords.def | grep -vxE 'true|false|and|or|not|in')
gates=$(names GATE lang/ir/gates.def)
channels=$(names CHANNEL lang/ir/channels.def)
# Names of the language; those that are gates too are highlighted as such where they are commands.
library=$(names BUILTIN lang/sema/builtins.def)
circuit=$(printf '%s\n%s\n' "$gates" "$channels" | grep -v '^$' | sort -u)

cat >"$out/vim/ftdetect/qgn.vim" <<'VIM'
autocmd BufRead,BufNewFile *.qgn setfiletype qgn
VIM
cat >"$out/vim/syntax/qgn.vim" <<VIM
" Made by tools/highlight.sh.
if exists("b:current_syntax")
  finish
endif
syntax case match
syntax keyword qgnKeyword $(echo "$keywords" | words)
syntax keyword qgnOperator and or not in
syntax keyword qgnConstant true false pi it epoch iteration
syntax keyword qgnFunction $(echo "$library" | words)
syntax match qgnGate "\\<\\($(echo "$circuit" | either | sed 's/|/\\|/g')\\)\\>\\ze\\(([^{}]*)\\)\\?\\s\\+\\h"
syntax match qgnNumber "\\<\\d[0-9_]*\\(\\.\\d\\+\\)\\?\\([eE][+-]\\?\\d\\+\\)\\?\\(deg\\|rad\\|turn\\|pi\\|π\\|px\\|%\\|ns\\|us\\|µs\\|ms\\|s\\|min\\|h\\)\\?"
syntax match qgnInsert "{[A-Za-z_.]\\+\\(:[^}]*\\)\\?}" contained
syntax region qgnString start=+"+ skip=+\\\\.+ end=+"+ oneline contains=qgnInsert
syntax match qgnComment "#.*$" contains=qgnAllow
syntax match qgnDoc "##.*$"
syntax match qgnAllow "allow [WE]\\d\\{4}" contained
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
setlocal commentstring=#\\ %s
let b:current_syntax = "qgn"
VIM
cat >"$out/qgn.tmLanguage.json" <<JSON
{
  "name": "qgn",
  "scopeName": "source.qgn",
  "fileTypes": ["qgn"],
  "patterns": [
    { "name": "comment.line.documentation.qgn", "match": "##.*\$" },
    { "name": "comment.line.number-sign.qgn", "match": "#.*\$" },
    {
      "name": "string.quoted.double.qgn", "begin": "\\"", "end": "\\"|\$",
      "patterns": [
        { "name": "constant.character.escape.qgn", "match": "\\\\\\\\." },
        { "name": "variable.other.qgn", "match": "\\\\{[A-Za-z_.]+(:[^}]*)?\\\\}" }
      ]
    },
    { "name": "constant.numeric.qgn", "match": "\\\\b[0-9][0-9_]*(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?(deg|rad|turn|pi|π|px|%|ns|us|µs|ms|s|min|h)?" },
    { "name": "constant.language.qgn", "match": "\\\\b(true|false|pi|it|epoch|iteration)\\\\b" },
    { "name": "keyword.operator.word.qgn", "match": "\\\\b(and|or|not|in)\\\\b" },
    { "name": "keyword.control.qgn", "match": "\\\\b($(echo "$keywords" | either))\\\\b" },
    { "name": "entity.name.function.gate.qgn", "match": "\\\\b($(echo "$circuit" | either))\\\\b(?=(\\\\([^{}]*\\\\))?\\\\s+[A-Za-z_])" },
    { "name": "support.function.qgn", "match": "\\\\b($(echo "$library" | either))\\\\b" },
    { "name": "keyword.operator.qgn", "match": "\\\\|>|:=|==|!=|<=|>=|->|\\\\.\\\\.=?|±|\\\\+/-|[-+*/^<>=@~]" }
  ]
}
JSON
if [ "${1:-}" = --check ]; then
  diff -r "$out" editors >/dev/null && exit 0
  echo "highlight: editors/ is not what the tables say; make docs writes it"
  exit 1
fi
mkdir -p editors
cp -R "$out/." editors/
