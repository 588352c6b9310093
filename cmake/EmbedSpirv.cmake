# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DINPUT=x.spv -DOUTPUT=x.inc -P EmbedSpirv.cmake: the words of a SPIR-V module as C literals.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1u," words "${hex}")
string(REGEX REPLACE "((0x[0-9a-f]+u,){12})" "\\1\n" words "${words}")
file(WRITE ${OUTPUT} "${words}\n")
