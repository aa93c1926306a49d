/*
 * libcheck.h - assertions that name the row of a table, and waits that end.
 *
 * cmocka says which line failed; in a test that walks a table it must also be
 * said which row.  Waits are for an event, with a deadline that only a fault
 * can reach.
 */
#ifndef SUPPORT_LIBCHECK_H
#define SUPPORT_LIBCHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

void check_text(const char *row, const char *got, const char *want);
void check_contains(const char *row, const char *got, const char *part);
void check_number(const char *row, int64_t got, int64_t want);

/* Wait until `fd` can be read; fails the test after 20 seconds. */
void check_readable(int fd);

/* Can it be read right now? */
bool check_is_readable(int fd);

/* Reap a child: its exit status, or 256 + the signal that killed it. */
int check_exit(pid_t pid);

/*
 * Wait until `done(arg)` is true, looking again whenever a child may have
 * run; for conditions that no descriptor tells.
 */
void check_until(bool (*done)(void *arg), void *arg);

#endif
