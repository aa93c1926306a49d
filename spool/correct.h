/*
 * correct.h - make the journal say what the tree says.
 *
 * A line is written before its move, so after a crash the last lines may tell
 * of moves that were not made; after a power cut, which can undo moves and
 * lose lines, any line may.  For every task whose last line and whose place
 * differ, a "recover" line with the truth is added.
 */
#ifndef SPOOL_CORRECT_H
#define SPOOL_CORRECT_H

#include "spool/journal.h"

/* `corrected` gets the number of lines added. */
int correct_journal(struct desk *d, struct journal *j, int64_t now_ms,
                    int *corrected, struct err *err);

#endif
