/*
 * session.h - a folder of a desk that survives its tasks.
 *
 *   session/      what the workers of this agent keep from task to task
 *   sessions/N    an old one that was put aside, poisoned; the highest N is
 *                 the latest
 *
 * session_make() before every attempt; session_renew() when a worker says
 * that the session is no good any more.  Both may be cut short at any point:
 * the next session_make() finds an old session whole, or makes a new one.
 * The owner of the desk only, while no worker lives.
 */
#ifndef SPOOL_SESSION_H
#define SPOOL_SESSION_H

#include "spool/desk.h"

#define SESSION_DIR  "session"
#define SESSIONS_DIR "sessions"

/* Make session/ if it is not there; what is no directory is put aside. */
int session_make(struct desk *d);

/*
 * Put session/ aside as sessions/N and make a fresh one; `n`, if not NULL,
 * gets the number, 0 if there was none.  Nothing is ever removed.
 */
int session_renew(struct desk *d, int *n);

#endif
