/*
 * count - the lines, words and bytes of a text, as a worker of spoolhand.
 *
 *	cc -o count count.c $(pkg-config --cflags --libs spoolhand)
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <spoolhand/agent.h>

static int
count(struct spoolhand_task *task, void *arg)
{
	size_t bytes, lines = 0, words = 0;
	const char *body = spoolhand_body(task, &bytes);
	bool inside = false;

	(void)arg;
	if (!body) {
		perror("the body");
		return 75; /* later, perhaps */
	}
	if (bytes == 0) {
		spoolhand_log(task, "there is nothing to count");
		return 65; /* and there never will be */
	}
	for (size_t i = 0; i < bytes; i++) {
		bool blank = isspace((unsigned char)body[i]) != 0;

		lines += body[i] == '\n';
		words += inside && blank;
		inside = !blank;
	}
	words += inside;
	(void)spoolhand_progress(task, 50, "counted");
	return spoolhand_printf(task, "%zu lines, %zu words, %zu bytes\n",
	                        lines, words, bytes) < 0;
}

int
main(int argc, char **argv)
{
	return spoolhand_agent_main(argc, argv, count, NULL);
}
