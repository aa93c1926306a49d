#include "config/schema.h"

#include "base/cleanup.h"
#include "base/name.h"
#include "config/config.h"

#define MS(n)   (n)
#define S(n)    ((n)*1000LL)
#define MIN(n)  ((n)*60000LL)
#define HOUR(n) ((n)*3600000LL)
#define DAY(n)  ((n)*86400000LL)
#define K(n)    ((n)*1024LL)
#define T(n)    ((n)*1024LL * 1024 * 1024 * 1024)

#define MAX_WORDS 1000
#define MAX_SHELL 65536

static const char *const durabilities[] = {
	[CONFIG_FULL] = "full",
	[CONFIG_PROCESS] = "process",
	NULL,
};

static const char *const watches[] = {
	[CONFIG_AUTO] = "auto",
	[CONFIG_INOTIFY] = "inotify",
	[CONFIG_POLL] = "poll",
	NULL,
};

static const char *const containments[] = {
	[CONFIG_ANY] = "auto",
	[CONFIG_CGROUP] = "cgroup",
	[CONFIG_SESSION] = "session",
	NULL,
};

static const char *const on_stalls[] = {
	[CONFIG_TELL] = "tell",
	[CONFIG_STOP] = "stop",
	NULL,
};

static const char *const on_fulls[] = {
	[CONFIG_REJECT] = "reject",
	[CONFIG_DROP_OLDEST] = "drop_oldest",
	NULL,
};

static const char *const classes[] = {
	[CONFIG_TEMPORARY] = "temporary",
	[CONFIG_RATE_LIMIT] = "rate_limit",
	[CONFIG_TIMEOUT] = "timeout",
	[CONFIG_STALLED] = "stalled",
	[CONFIG_CRASHED] = "crashed",
	[CONFIG_FAILED] = "failed",
	[CONFIG_VERIFY_FAILED] = "verify_failed",
	[CONFIG_NO_OUTPUT] = "no_output",
	NULL,
};
_Static_assert(countof(classes) == CONFIG_NCLASSES + 1, "name every class");

const char *
config_class_name(enum config_class c)
{
	return classes[c];
}

static const char *const modes[] = {
	[CONFIG_EXEC] = "exec",
	[CONFIG_STREAM] = "stream",
	NULL,
};

const char *const schema_maps[] = { "defaults", "agents", "lanes", NULL };

#define TOP(member) offsetof(struct config, member)

const struct key schema_top[] = {
	{ "durability", KEY_CHOICE, TOP(durability), 0, 0, durabilities, "full",
	  "what an accepted task survives: full, a power cut; process, the end "
	  "of any program" },
	{ "watch", KEY_CHOICE, TOP(watch), 0, 0, watches, "auto",
	  "how drops are noticed: auto takes inotify where it works and polls "
	  "elsewhere" },
	{ "containment", KEY_CHOICE, TOP(containment), 0, 0, containments,
	  "auto",
	  "what holds the processes of an agent: auto takes a cgroup of its "
	  "own where it may make one" },
	{ "settle", KEY_DURATION, TOP(settle_ms), 0, HOUR(1), NULL, "300ms",
	  "how long a drop must lie unchanged when its writer cannot be seen" },
	{ "rescan", KEY_DURATION, TOP(rescan_ms), S(1), DAY(1), NULL, "30s",
	  "how often everything is looked at anyway; an idle agent wakes only "
	  "for this" },
	{ "poll", KEY_DURATION, TOP(poll_ms), MS(10), HOUR(1), NULL, "200ms",
	  "how often the inbox is looked at where nothing can be watched" },
	{ "max_task_bytes", KEY_SIZE, TOP(max_task_bytes), K(1), T(1), NULL,
	  "64M", "the largest drop that is accepted, with its attachments" },
	{ "restart_backoff", KEY_DURATION, TOP(restart_backoff_ms), MS(10),
	  HOUR(1), NULL, "1s",
	  "the pause before an agent that died is started again; doubled each "
	  "time" },
	{ "restart_backoff_max", KEY_DURATION, TOP(restart_backoff_max_ms),
	  MS(10), DAY(1), NULL, "1m", "the longest such pause" },
	{ "quarantine_after", KEY_INT, TOP(quarantine_after), 1, 1000, NULL,
	  "5",
	  "so many deaths within quarantine_window, and the agent is left "
	  "down" },
	{ "quarantine_window", KEY_DURATION, TOP(quarantine_window_ms), S(1),
	  DAY(7), NULL, "1m", "the time in which the deaths are counted" },
};

const size_t schema_ntop = countof(schema_top);

#define AGENT(member) offsetof(struct config_agent, member)

const struct key schema_agent[] = {
	{ "command", KEY_STRINGS, AGENT(command), 1, MAX_WORDS, NULL, NULL,
	  "the program that does the work and its arguments; no shell reads "
	  "it" },
	{ "shell", KEY_STRING, AGENT(shell), 1, MAX_SHELL, NULL, NULL,
	  "instead of command: a line for /bin/sh -c" },
	{ "mode", KEY_CHOICE, AGENT(mode), 0, 0, modes, "exec",
	  "exec starts the program for each task; stream keeps one running and "
	  "tells it its tasks, see spoolhand-worker(7)" },
	{ "verify", KEY_STRINGS, AGENT(verify), 0, MAX_WORDS, NULL, NULL,
	  "a program that is run after exit status 0 and decides whether the "
	  "task is done" },
	{ "env", KEY_PAIRS, AGENT(env), 0, MAX_WORDS, NULL, NULL,
	  "variables added to the environment of command, shell and verify" },
	{ "timeout", KEY_DURATION, AGENT(timeout_ms), 0, DAY(365), NULL, "0",
	  "the longest time one attempt may take; 0 sets no limit" },
	{ "grace", KEY_DURATION, AGENT(grace_ms), 0, HOUR(1), NULL, "10s",
	  "the time between SIGTERM and SIGKILL when an attempt is stopped" },
	{ "stall", KEY_DURATION, AGENT(stall_ms), 0, DAY(365), NULL, "0",
	  "so long without output or progress, and an attempt is said to be "
	  "stalled; 0 turns it off" },
	{ "on_stall", KEY_CHOICE, AGENT(on_stall), 0, 0, on_stalls, "tell",
	  "what is done then: tell, or stop it as if it had run into its "
	  "timeout" },
	{ "retry.max", KEY_INT, AGENT(retry.max), 0, 1000, NULL, "0",
	  "further attempts after one that failed" },
	{ "retry.base", KEY_DURATION, AGENT(retry.base_ms), MS(10), DAY(1),
	  NULL, "1s", "the pause before the second attempt" },
	{ "retry.factor", KEY_NUMBER, AGENT(retry.factor), 1, 1000, NULL, "2",
	  "each further pause is so many times as long" },
	{ "retry.cap", KEY_DURATION, AGENT(retry.cap_ms), MS(10), DAY(30), NULL,
	  "5m", "the longest pause" },
	{ "retry.jitter", KEY_NUMBER, AGENT(retry.jitter), 0, 1, NULL, "0",
	  "the part of a pause by which it may be longer or shorter" },
	{ "retry.on", KEY_SET, AGENT(retry.on), 0, 0, classes,
	  "[temporary, rate_limit, timeout, stalled, crashed, failed, "
	  "verify_failed, no_output]",
	  "the classes of failures that are tried again; all others are "
	  "final" },
	{ "retry.crashes", KEY_INT, AGENT(retry.crashes), 0, 1000, NULL, "3",
	  "further attempts after one that was cut short by a crash" },
	{ "retry.reviews", KEY_INT, AGENT(retry.reviews), 0, 1000, NULL, "3",
	  "further attempts after one that verify sent back with words" },
	{ "retry.within", KEY_DURATION, AGENT(retry.within_ms), S(1), DAY(365),
	  NULL, "5d",
	  "how long after its first start a task may ask to be run later" },
	{ "signs.temporary", KEY_STRINGS, AGENT(signs.temporary), 0, MAX_WORDS,
	  NULL, NULL,
	  "texts in the output of a worker that failed: run it later" },
	{ "signs.rate_limit", KEY_STRINGS, AGENT(signs.rate_limit), 0,
	  MAX_WORDS, NULL, NULL, "texts that say: too many requests" },
	{ "signs.permanent", KEY_STRINGS, AGENT(signs.permanent), 0, MAX_WORDS,
	  NULL, NULL, "texts that say: this can never work" },
	{ "signs.session", KEY_STRINGS, AGENT(signs.session), 0, MAX_WORDS,
	  NULL, NULL, "texts that say: the session is no good any more" },
	{ "session", KEY_BOOL, AGENT(session), 0, 0, NULL, "false",
	  "whether its workers share a folder that survives their tasks" },
	{ "pause_after", KEY_INT, AGENT(pause_after), 0, 1000, NULL, "0",
	  "so many failures in a row, and nothing is started for a while; 0 "
	  "turns it off" },
	{ "probe", KEY_DURATION, AGENT(probe_ms), MS(10), DAY(1), NULL, "1m",
	  "that while, after which one task may try; doubled each time up to "
	  "an hour" },
	{ "max_pending", KEY_INT, AGENT(max_pending), 0, 1000000, NULL, "0",
	  "so many waiting tasks, and drops are left in the inbox; 0 sets no "
	  "limit" },
	{ "on_full", KEY_CHOICE, AGENT(on_full), 0, 0, on_fulls, "reject",
	  "what then: reject what comes, or drop the oldest of those that wait" },
	{ "keep", KEY_INT, AGENT(keep), 0, 1000000000, NULL, "0",
	  "so many results, and the oldest are removed; 0 sets no limit" },
	{ "keep_for", KEY_DURATION, AGENT(keep_for_ms), 0, DAY(3650), NULL, "0",
	  "how long results are kept, and so the time in which an id is known; "
	  "0 sets no limit" },
	{ "lane", KEY_STRING, AGENT(lane), 0, NAME_LONGEST, NULL, NULL,
	  "the lane, of lanes, whose limits count for its tasks" },
	{ "ageing", KEY_DURATION, AGENT(ageing_ms), 0, DAY(365), NULL, "0",
	  "each time a task has waited so long its priority rises by one "
	  "class; 0 turns it off" },
};

const size_t schema_nagent = countof(schema_agent);

#define LANE(member) offsetof(struct config_lane, member)

const struct key schema_lane[] = {
	{ "running", KEY_INT, LANE(running), 0, 1000, NULL, "0",
	  "so many tasks of all its agents may run at once; 0 sets no limit" },
	{ "per_minute", KEY_INT, LANE(per_minute), 0, 10000, NULL, "0",
	  "so many of them may begin within any minute; 0 sets no limit" },
};

const size_t schema_nlane = countof(schema_lane);
