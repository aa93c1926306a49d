/*
 * spoolhand-noop - a worker with nothing to do.
 */
#include "lib/spoolhand/agent.h"

static int
nothing(struct spoolhand_task *task, void *arg)
{
	(void)task;
	(void)arg;
	return 0;
}

int
main(int argc, char **argv)
{
	return spoolhand_agent_main(argc, argv, nothing, NULL);
}
