/*
 * correct.h - make the journal say what the tree says.
 *
 * A line is written before its move, so after a crash the last line may tell
 * of a move that was not made; after a power cut, which can undo moves and
 * lose lines, any line may.  For every task whose last line and whose place
 * differ, a "recover" line with the truth is added.
 */
#ifndef SPOOL_CORRECT_H
#define SPOOL_CORRECT_H

#include "base/strset.h"
#include "spool/journal.h"

/*
 * Tags of correct_memory(): an enum task_state, or CORRECT_GONE for a task
 * of which the journal says that it is no more.
 */
#define CORRECT_GONE 100

/*
 * The last state of every task by the journal: ids tagged.  WITHDRAWN counts
 * as TASK_FAILED, since both lie in failed/.
 */
int correct_memory(const struct desk *d, struct strset *memory);

/* Does the tree agree with such a tag? */
bool correct_agrees(int tag, enum task_state by_tree);

/* The line that tells the truth about one task. */
int correct_line(struct journal *j, int64_t now_ms, const char *id,
                 enum task_state truth);

/* At the start of an agent: `corrected` gets the number of lines added. */
int correct_journal(struct desk *d, struct journal *j, int64_t now_ms,
                    int *corrected, struct err *err);

#endif
