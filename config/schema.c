#include "config/schema.h"

#include "base/cleanup.h"
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

const char *const schema_maps[] = { "defaults", "agents", NULL };

#define TOP(member) offsetof(struct config, member)

const struct key schema_top[] = {
	{ "durability", KEY_CHOICE, TOP(durability), 0, 0, durabilities, "full",
	  "what an accepted task survives: full, a power cut; process, the end "
	  "of any program" },
	{ "watch", KEY_CHOICE, TOP(watch), 0, 0, watches, "auto",
	  "how drops are noticed: auto takes inotify where it works and polls "
	  "elsewhere" },
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
	{ "verify", KEY_STRINGS, AGENT(verify), 0, MAX_WORDS, NULL, NULL,
	  "a program that is run after exit status 0 and decides whether the "
	  "task is done" },
	{ "env", KEY_PAIRS, AGENT(env), 0, MAX_WORDS, NULL, NULL,
	  "variables added to the environment of command, shell and verify" },
	{ "timeout", KEY_DURATION, AGENT(timeout_ms), 0, DAY(365), NULL, "0",
	  "the longest time one attempt may take; 0 sets no limit" },
	{ "grace", KEY_DURATION, AGENT(grace_ms), 0, HOUR(1), NULL, "10s",
	  "the time between SIGTERM and SIGKILL when an attempt is stopped" },
	{ "retries", KEY_INT, AGENT(retries), 0, 1000, NULL, "0",
	  "further attempts after one that failed" },
	{ "crash_retries", KEY_INT, AGENT(crash_retries), 0, 1000, NULL, "3",
	  "further attempts after one that was cut short by a crash" },
	{ "backoff", KEY_DURATION, AGENT(backoff_ms), MS(10), DAY(1), NULL,
	  "1s", "the pause before a further attempt; doubled each time" },
	{ "backoff_max", KEY_DURATION, AGENT(backoff_max_ms), MS(10), DAY(30),
	  NULL, "5m", "the longest such pause" },
	{ "max_pending", KEY_INT, AGENT(max_pending), 0, 1000000, NULL, "0",
	  "so many waiting tasks, and drops are left in the inbox; 0 sets no "
	  "limit" },
	{ "ageing", KEY_DURATION, AGENT(ageing_ms), 0, DAY(365), NULL, "0",
	  "each time a task has waited so long its priority rises by one "
	  "class; 0 turns it off" },
};

const size_t schema_nagent = countof(schema_agent);
