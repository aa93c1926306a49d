/*
 * spoolhand/agent.h - a role of spoolhand as one C program.
 *
 *	static int
 *	work(struct spoolhand_task *task, void *arg)
 *	{
 *		return printf("hello, %s\n", spoolhand_id(task)) < 0;
 *	}
 *
 *	int
 *	main(int argc, char **argv)
 *	{
 *		return spoolhand_agent_main(argc, argv, work, NULL);
 *	}
 *
 * The same program is a worker of `mode: stream`, which is given one task
 * after the other, a worker of `mode: exec`, which is given one, and, started
 * by hand with the name of an agent, that agent.  In each case the handler
 * meets what spoolhand-worker(7) says of any worker: its standard input is
 * the body, its standard output and error are kept with the task, it stands in
 * the task's folder, and has the task's variables in its environment.  What it
 * returns is what another worker would exit with.
 *
 * Functions that give an int give 0 or -errno.  A task, and all strings that
 * are asked of it, are good until the handler returns.  One thread at a time.
 * spoolhand_agent_main(3) is the manual.
 */
#ifndef SPOOLHAND_AGENT_H
#define SPOOLHAND_AGENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define SPOOLHAND_PRINTF(text, first) \
	__attribute__((__format__(__printf__, text, first)))
#else
#define SPOOLHAND_PRINTF(text, first)
#endif

struct spoolhand_task;

typedef int spoolhand_handler(struct spoolhand_task *task, void *arg);

/* All of main(): the status to exit with. */
int spoolhand_agent_main(int argc, char **argv, spoolhand_handler *handler,
                         void *arg);

const char *spoolhand_id(const struct spoolhand_task *task);
const char *spoolhand_ref(const struct spoolhand_task *task);
const char *spoolhand_agent(const struct spoolhand_task *task);
unsigned spoolhand_attempt(const struct spoolhand_task *task);

/* The task file, header and body; the folders of spoolhand-worker(7). */
const char *spoolhand_file(const struct spoolhand_task *task);
const char *spoolhand_in(const struct spoolhand_task *task);
const char *spoolhand_out(const struct spoolhand_task *task);
const char *spoolhand_work(const struct spoolhand_task *task);

/*
 * The whole body, ended with a NUL that does not count in `*len`, which may
 * be NULL.  NULL with errno if it cannot be read.
 */
const char *spoolhand_body(struct spoolhand_task *task, size_t *len);

/* How far it is, in percent; `message` may be NULL. */
int spoolhand_progress(struct spoolhand_task *task, int percent,
                       const char *message);

/* To the task's standard output, as by fwrite() and printf(). */
int spoolhand_output(struct spoolhand_task *task, const void *bytes,
                     size_t len);
int spoolhand_printf(struct spoolhand_task *task, const char *format, ...)
	SPOOLHAND_PRINTF(2, 3);

/* A line to the task's standard error. */
void spoolhand_log(struct spoolhand_task *task, const char *format, ...)
	SPOOLHAND_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif
