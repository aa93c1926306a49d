#!/bin/bash
# Three tasks: the first is blocked and does not hold up the second, and when
# what it waits for has come it goes on before the third.  The state of all
# three is compared at every step.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent

# Each task runs until its gate is opened.  The first one asks to be run later
# as long as the requirements are missing.
make_spool <<'END'
durability: process
agents:
  pm:
    shell: . "$SPOOLHAND_TEST/work.sh"
    retry: {base: 1h, cap: 1h}
  dev:
    shell: exit 75
    retry: {base: 1h, cap: 1h}
END
cat >work.sh <<'END'
cd "$SPOOLHAND_TEST" || exit
read -r go <"gate-$TASK_ID"
test "$TASK_ID" != task_001 -o -e requirements.md || exit 75
echo "$TASK_ID" >>order
END
mkfifo gate-task_001 gate-task_002 gate-task_003
desk=$root/agents/pm

# The end of a wait for the gate; the worker is there, or comes.
open_gate() {
	timeout "$soon" sh -c 'echo go >"gate-$1"' - "$1"
}

children() {
	wc -w <"/proc/$1/task/$1/children"
}

# "pending | ready | running | blocked | outbox"
vector() {
	local place list=()

	for place in pending ready running blocked outbox; do
		list+=("$(ids pm "$place")")
	done
	printf '%s | %s | %s | %s | %s' "${list[@]}"
}

# A step: the vector becomes this, in the end, and stays so until the next.
is() {
	until_true "$soon" prints "$*" vector
}

start_agent pm
pause pm
check 'a pause' paused pm
for id in task_001 task_002 task_003; do
	echo "$id" | put pm "$id.md"
done
check 'three tasks wait in order' is ' | task_001 task_002 task_003 |  |  | '
check 'their names tell class, place and attempts' \
	prints '5.000000000001.0.task_001 5.000000000002.0.task_002 5.000000000003.0.task_003' \
	sh -c 'cd "$1" && echo *' - "$desk/ready"
unpause pm
check 'the first runs' is ' | task_002 task_003 | task_001 |  | '
check 'one attempt was counted before it started' \
	test -e "$desk/running/5.000000000001.1.task_001"

open_gate task_001
check 'the first is blocked, the second runs' \
	is ' | task_003 | task_002 | task_001 | '
check 'the reason is kept' grep -q '"reason":.*"retry"' \
	"$desk/work/task_001/record.json"
check 'no process stands for the first' \
	prints 1 children "$agent_pid"

# What it waits for comes while the second still runs.
echo ready >requirements.md
touch "$desk/requests/retry.task_001"
check 'the first is READY again, in front of the third' \
	is ' | task_001 task_003 | task_002 |  | '
check 'at its old place' test -e "$desk/ready/5.000000000001.1.task_001"

open_gate task_002
check 'the first runs before the third' is ' | task_003 | task_001 |  | task_002'
check 'it is its second attempt' \
	test -e "$desk/running/5.000000000001.2.task_001"
open_gate task_001
check 'the third is last' is ' |  | task_003 |  | task_001 task_002'
open_gate task_003
check 'all are done' is ' |  |  |  | task_001 task_002 task_003'
check 'in this order' prints 'task_002 task_001 task_003' paste -sd' ' order
check 'two attempts of the first are told' prints 2 fact pm task_001 attempts

# The journal tells the same story, and why.
story() {
	sed -nE 's/.*"ev":"(move|end)","id":"task_00([0-9])".*"to":"([A-Z]*)".*/\2 \3/p' \
		"$desk/journal.jsonl" | paste -sd,
}
want='1 READY,2 READY,3 READY,1 RUNNING,1 BLOCKED,2 RUNNING,1 READY'
want+=',2 COMPLETED,1 RUNNING,1 COMPLETED,3 RUNNING,3 COMPLETED'
check 'the journal tells every step' prints "$want" story
every_move_has_a_why() {
	! grep '"ev":"move"' "$desk/journal.jsonl" | grep -v '"why":"[^"]'
}
check 'and why' every_move_has_a_why

# A thousand of them.
start_agent dev
mkdir drops
for ((i = 0; i < 1000; i++)); do
	: >"drops/$i.md"
done
# mv complains if what it has moved is gone when it looks again.
echo drops/*.md | xargs mv -t "$root/agents/dev/inbox" 2>/dev/null
check 'a thousand tasks are blocked' until_true "$soon" has dev blocked 1000
check 'none of them is a process' prints 0 children "$agent_pid"
check 'nor a thread' prints 1 sh -c 'ls /proc/$1/task | wc -l' - "$agent_pid"
done_testing
