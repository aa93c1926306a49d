#!/bin/bash
# A thousand BLOCKED tasks at one desk are files: no process, next to no memory,
# and nothing in the way of the next task.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# A third of them each asks, calls and sleeps.  Nobody runs `other` yet.
make_spool <<'END'
durability: process
agents:
  w:
    shell: |
      case $TASK_ID in
      ask*) spoolhand ask "Go on?" ;;
      call*) echo body | spoolhand call other ;;
      sleep*) spoolhand sleep 1h ;;
      *) echo fine ;;
      esac
  other:
    shell: echo "from the other"
END
desk=$root/agents/w
# Sanitized programs take their time: fewer do.
each=333
[ -z "${SPOOLHAND_SANITIZED-}" ] || each=66
all=$((3 * each))

children() {
	wc -w <"/proc/$1/task/$1/children"
}

# KiB that are the agent's alone, and of what it shares its part.
memory() {
	sed -nE 's/^Pss: +([0-9]+) kB$/\1/p' "/proc/$1/smaps_rollup"
}

start_agent w
pid=$agent_pid

# What the first of each kind touches is code and tables: not counted below.
for kind in ask call sleep; do
	: | put w "$kind-0.md"
done
check 'one of each kind is blocked' until_true "$soon" has w blocked 3
before=$(memory "$pid")

mkdir drops
for kind in ask call sleep; do
	for ((i = 1; i <= each; i++)); do
		: >"drops/$kind-$i.md"
	done
done
# mv complains if what it has moved is gone when it looks again.
find drops -name '*.md' -exec mv -t "$root/agents/w/inbox" {} + 2>/dev/null
check 'a thousand tasks are blocked' \
	until_true 240 has w blocked $((all + 3))
after=$(memory "$pid")
check 'a third of them asks' has w questions $((each + 1))
check 'none of them is a process' prints 0 children "$pid"
check 'nor a thread' prints 1 sh -c 'ls /proc/$1/task | wc -l' - "$pid"

# Slack: the list of drops that were under way at one time, which is kept for
# the next ones, and what the allocator holds in pages that are not full.
little_memory() {
	local grown=$((after - before))

	echo "$grown KiB for $all tasks"
	[ "$grown" -lt "$all" ]
}
if [ -z "${SPOOLHAND_SANITIZED-}" ]; then
	check 'each takes less than 1 KiB of memory' little_memory
	diag "$((after - before)) KiB more for $all tasks"
fi

spoolhand -q submit w --id next --body x >/dev/null
check 'the next task runs as if there were none' comes w next COMPLETED
check 'and all the others wait on' has w blocked $((all + 3))

# A new agent takes them over.
kill -KILL "$pid"
until_true "$soon" ended "$pid" >/dev/null
start_agent w
pid=$agent_pid
check 'a new agent has them, too' has w blocked $((all + 3))
check 'without a process' prints 0 children "$pid"
spoolhand -q submit w --id again --body x >/dev/null
check 'and runs the next one' comes w again COMPLETED

# Everything they wait for comes at once.
answer_all() {
	local path

	for path in "$desk/questions"/*; do
		echo yes >"$desk/answers/${path##*/}"
	done
}
check 'all questions are answered' answer_all
check 'and all who asked go on' until_true 240 has w questions 0
start_agent other
check 'all children end, and all who called' \
	until_true 240 has w outbox $((2 * each + 4))
check 'those who sleep are left' has w blocked $((each + 1))
check 'with nothing wrong' has w failed 0
check 'nor rejected' has w rejected 0
done_testing
