autocmd BufRead,BufNewFile *.qgn setfiletype qgn
