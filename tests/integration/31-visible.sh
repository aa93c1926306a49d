#!/bin/bash
# The state is in the tree: four processes take one task through its life, and
# each is killed after its step.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
agents:
  w:
    shell: echo began >>"$STEPS"; test -e "$GO" || exec sleep 1000; echo done
    retry: {base: 100ms}
END
export STEPS=$scratch/steps GO=$scratch/go

state_of() {
	spoolhand status --json w/one | sed 's/.*"state":"\([A-Z]*\)".*/\1/'
}

is() {
	[ "$(state_of)" = "$1" ]
}

kill_hard() {
	kill -9 "$1" && wait "$1" 2>/dev/null
	true
}

check 'the submitter promises the task and is gone' \
	prints w/one spoolhand submit w --id one --body x
check 'with nothing running it is seen as a drop' is DROPPED
check 'why says what to do' \
	grep -q 'spoolhand up' <(spoolhand why w/one)

start_agent w
check 'the first agent admits and starts it' until_true 10 is RUNNING
check 'its worker has begun' until_true 10 test -s "$STEPS"
kill_hard "$agent_pid"
check 'killed: the task is still seen as running' is RUNNING

start_agent w
check 'the second agent blocks it as crashed, then runs it again' \
	until_true 10 test "$(wc -l <"$STEPS")" -ge 1
twice() { [ "$(wc -l <"$STEPS")" -ge 2 ]; }
check 'it began a second time' until_true 10 twice
kill_hard "$agent_pid"

touch "$GO"
start_agent w
check 'the third agent completes it' until_true 10 is COMPLETED
kill_hard "$agent_pid"
check 'killed after publishing: it is COMPLETED for everyone' is COMPLETED
check 'the result is read with nothing running' \
	prints 'done' spoolhand result w/one
check 'three attempts were counted' \
	grep -q '"attempts":[[:space:]]*3' "$root/agents/w/outbox/one/result.json"
done_testing
