/*
 * spoolhand-stamp - the worker of the latency benchmark: prints the time on
 * the monotonic clock, in nanoseconds, as its first act.
 */
#include <stdio.h>
#include <time.h>

int
main(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)printf("%lld\n",
	             (long long)ts.tv_sec * 1000000000LL + ts.tv_nsec);
	return fflush(stdout) != 0;
}
