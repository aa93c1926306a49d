/*
 * serving.h - run a handler for tasks: for one, or for one after the other.
 *
 * Whichever it is, the handler meets the same world; serving_stream() builds
 * it anew for each task around the pipes of the protocol, which it keeps to
 * itself.
 */
#ifndef LIB_SERVING_H
#define LIB_SERVING_H

#include "base/err.h"
#include "lib/spoolhand/agent.h"

/* The task of the environment: the status to exit with, or -errno. */
int serving_once(spoolhand_handler *handler, void *arg, struct err *err);

/* Until there are no more: 0, or -errno. */
int serving_stream(spoolhand_handler *handler, void *arg, struct err *err);

#endif
