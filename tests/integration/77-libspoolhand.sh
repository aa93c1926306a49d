#!/bin/bash
# libspoolhand as others get it: installed into a folder, found by pkg-config,
# and a program made with it that is a worker in either mode, and an agent.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

build=$SPOOLHAND_BIN/..
prefix=$scratch/prefix

# setting NAME - prints what the build was configured with.
setting() {
	sed -nE "s/^$1:[A-Z]+=//p" "$build/CMakeCache.txt"
}
compiler=$(setting CMAKE_C_COMPILER)
flags=()
sanitize=$(setting SPOOLHAND_SANITIZE)
[ -z "$sanitize" ] || flags+=("-fsanitize=$sanitize")
[ "$(setting SPOOLHAND_COVERAGE)" != ON ] || flags+=(--coverage)

# --- as it is installed ----------------------------------------------------------

check 'it is installed' cmake --install "$build" --prefix "$prefix"
pc=$(find "$prefix" -name spoolhand.pc)
check 'with a file for pkg-config' test -s "$pc"
export PKG_CONFIG_PATH=${pc%/*}
# Elsewhere than where it was installed first: nothing says where that was.
mv "$prefix" "$scratch/moved"
PKG_CONFIG_PATH=$scratch/moved/${PKG_CONFIG_PATH#"$prefix/"}
check 'which has a version' grep -qE '^Version: [0-9]' \
	"$PKG_CONFIG_PATH/spoolhand.pc"
check 'its name is known' pkg-config --exists spoolhand
check 'there is a manual page' test -s \
	"$(find "$scratch/moved" -name spoolhand_agent_main.3)"
archive=$(find "$scratch/moved" -name libspoolhand.a)
only_ours() {
	! nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' |
		grep -v '^spoolhand_'
}
check 'it has no name but those that begin with spoolhand_' only_ours

# compile SOURCE PROGRAM [FLAG...]
compile() {
	local source=$1 program=$2
	shift 2

	# shellcheck disable=SC2046 # they are words
	"$compiler" "${flags[@]}" -Wall -Wextra -Werror "$@" -o "$program" \
		"$source" $(pkg-config --cflags --libs spoolhand)
}
check 'the example is made with it' compile \
	"$SPOOLHAND_SRC/examples/warm/count.c" count -std=c99
printf '#include <spoolhand/agent.h>\nint main(void){return 0;}\n' >alone.c
check 'its header stands alone' compile alone.c alone -std=c99 -Wpedantic

# --- one that tells all it can ask -------------------------------------------------

cat >all.c <<'END'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <spoolhand/agent.h>

static int
work(struct spoolhand_task *task, void *arg)
{
	static int tasks;
	const char *test = getenv("SPOOLHAND_TEST");
	char line[100] = "", path[4096];
	size_t len;
	const char *body = spoolhand_body(task, &len);

	if (!body || len != strlen(body))
		return 70;
	if (strncmp(body, "return ", 7) == 0)
		return atoi(body + 7);
	if (strncmp(body, "exit ", 5) == 0)
		exit(atoi(body + 5));
	if (strcmp(body, "bytes\n") == 0)
		return spoolhand_output(task, "a\0b\xff", 4);
	/* What a process has that was started for this task. */
	if (!fgets(line, sizeof(line), stdin) ||
	    strncmp(line, body, strlen(line)) != 0 ||
	    strcmp(getenv("TASK_ID"), spoolhand_id(task)) != 0 ||
	    !realpath(".", path) || strcmp(path, spoolhand_work(task)) != 0 ||
	    access(spoolhand_in(task), X_OK) < 0 ||
	    access(spoolhand_out(task), W_OK) < 0 ||
	    access(spoolhand_file(task), R_OK) < 0)
		return 71;
	if (spoolhand_progress(task, 40, "half \"way\"") < 0)
		return 72;
	spoolhand_log(task, "to %s", "stderr");
	printf("plain\n");
	spoolhand_printf(task, "%s by %s, attempt %u, task %d%s\n",
	                 spoolhand_ref(task), spoolhand_agent(task),
	                 spoolhand_attempt(task), ++tasks, (char *)arg);
	fflush(stdout);
	if (system("echo from a child; cat; spoolhand progress 60 child") != 0)
		return 73;
	snprintf(path, sizeof(path), "%s/gate", test);
	return 0;
}

int
main(int argc, char **argv)
{
	return spoolhand_agent_main(argc, argv, work, (char *)"!");
}
END
check 'another one is made' compile all.c all -std=gnu11

make_spool <<END
durability: process
defaults: {retry: {base: 10ms, crashes: 0}, grace: 5s}
agents:
  exec: {command: [$scratch/all]}
  stream: {command: [$scratch/all], mode: stream}
  hand: {command: [no-such-program]}
END

# task AGENT ID TEXT
task() {
	printf '%b' "$3" | put "$1" "$2.md"
}

# The same in each way of running it.
all_of_it() {
	local agent=$1 second=$2
	local out=$root/agents/$agent/outbox

	task "$agent" one 'first\nsecond\n'
	task "$agent" two 'first\nlast'
	check "$agent: a task is done" comes "$agent" one COMPLETED
	check 'and another one' comes "$agent" two COMPLETED
	check 'what it has put out is kept' prints \
		"plain $agent/one by $agent, attempt 1, task 1! from a child" \
		bash -c 'head -n 3 "$1" | paste -sd" "' - "$out/one/stdout"
	check 'by all of them' prints \
		"plain $agent/two by $agent, attempt 1, task $second! from a child" \
		bash -c 'head -n 3 "$1" | paste -sd" "' - "$out/two/stdout"
	check 'its log is standard error' prints 'to stderr' \
		cat "$out/one/stderr"
	task "$agent" status 'return 65'
	check 'what it returns is its status' \
		comes "$agent" status FAILED permanent
	check 'as it is' prints 65 fact "$agent" status exit
	task "$agent" beyond 'return -1'
	check 'one that is none is a mistake' comes "$agent" beyond FAILED exit
	check 'of the program' prints 70 fact "$agent" beyond exit
	task "$agent" bytes 'bytes\n'
	check 'any bytes' comes "$agent" bytes COMPLETED
	check 'may be put out' prints '61 00 62 ff' \
		bash -c 'od -An -tx1 "$1" | sed "s/^ //"' - "$out/bytes/stdout"
	head -c 300000 /dev/zero | tr '\0' x | put "$agent" long.md
	check 'a long body is read, too' comes "$agent" long COMPLETED
}

start_agent exec
exec_pid=$agent_pid
all_of_it exec 1
task exec ends 'exit 0'
check 'exec: one that exits by itself is done' comes exec ends COMPLETED

start_agent stream
stream_pid=$agent_pid
all_of_it stream 2
task stream ends 'exit 0'
check 'stream: one that exits by itself has crashed' \
	comes stream ends FAILED crashed
task stream after 'after\n'
check 'and the next is done by another' comes stream after COMPLETED

# --- by hand -----------------------------------------------------------------------

"$scratch/all" --root "$root" hand </dev/null >>agent-hand.log 2>&1 &
hand_pid=$!
check 'started by hand it is an agent' until_true "$soon" \
	prints "$hand_pid" desk_pid hand
check 'by the other name' grep -q spoolhand-agent "/proc/$hand_pid/cmdline"
all_of_it hand 2
check 'told to stop' kill "$hand_pid"
check 'it stops' waits 0 "$hand_pid"
check 'an agent that is not configured' exits 78 "$scratch/all" hond
check 'is none' said "did you mean 'hand'"
check 'without a name' exits 64 "$scratch/all"
check 'it says how it is called' said 'usage: '
check 'as it does when asked' exits 0 "$scratch/all" --help
check 'with an option that is none' exits 64 "$scratch/all" --rot x hand
check 'without an agent in PATH' exits 69 env PATH=/nowhere "$scratch/all" hand
check 'it says so' said 'spoolhand-agent'
check 'an agent takes no other option for a GM' exits 64 spoolhand-gm --worker x

kill "$exec_pid" "$stream_pid"
check 'the others stop' waits 0 "$exec_pid"
check 'too' waits 0 "$stream_pid"
done_testing
