#!/bin/bash
# Told to stop, an agent lets its task end and starts no other; told again, it
# stops the task, which goes on at the next start.  Nothing is lost by either.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent

# A task begins, leaves a heart that nothing but SIGKILL stops, and runs until
# its gate is opened.  `deaf` ones do not hear SIGTERM either.
make_spool <<'END'
defaults: {grace: 1h, retry: {base: 1h, cap: 1h}}
agents:
  pm: {shell: exec bash "$SPOOLHAND_TEST/work.sh"}
END
cat >work.sh <<'END'
cd "$SPOOLHAND_TEST" || exit
case $TASK_ID in
deaf*) trap '' TERM ;;
esac
( ( setsid bash heart.sh "heart-$TASK_ID" & ) & )
until [ -s "heart-$TASK_ID" ]; do waitfor . 20; done
echo "$TASK_ID $TASK_ATTEMPT" >>began
until [ -e "gate-$TASK_ID" ]; do waitfor . 20; done
echo 'all done'
END
cat >heart.sh <<'END'
exec </dev/null >/dev/null 2>&1
trap '' TERM HUP INT
echo $$ >"$1"
while :; do sleep 1; done
END
desk=$root/agents/pm

has_begun() {
	grep -qsx "$1 $2" began
}
begins() {
	until_true "$soon" has_begun "$1" "${2-1}"
}
heart_is_dead() {
	ended "$(<"heart-$1")"
}
stops() {
	until_true "$soon" ended "$agent_pid" && waits 0 "$agent_pid"
}

waiting() {
	echo "$(ids pm blocked) $(ids pm ready)" | xargs
}

# --- at rest -------------------------------------------------------------------

for signal in TERM INT; do
	start_agent pm
	kill "-$signal" "$agent_pid"
	check "at rest it ends at once by SIG$signal" stops
	check 'the journal says so' grep -q '"ev":"stop"' <(tail -n 1 "$desk/journal.jsonl")
	check_not 'the desk is free' desk_held pm
done

# --- once ----------------------------------------------------------------------

start_agent pm
for id in one two three; do
	echo "$id" | put pm "$id.md"
done
check 'a task runs, two are READY' begins one
check 'in their order' until_true "$soon" holds pm ready two three
kill "$agent_pid"
check 'told to stop, it says that it waits' until_true "$soon" \
	grep -q 'stopping when its task has ended' agent-pm.log
check 'its task goes on' holds pm running one
touch gate-one
check 'when that has ended it stops' stops
check 'the task is done' prints 'all done' cat "$desk/outbox/one/stdout"
check 'what it had left is dead' heart_is_dead one
check 'the others are READY' holds pm ready two three
check 'and have not begun' prints 'one 1' cat began

echo four | put pm four.md
start_agent pm
check 'started again, it goes on with the next' begins two
check 'what came meanwhile is the last' \
	until_true "$soon" holds pm ready three four

# --- twice ---------------------------------------------------------------------

kill "$agent_pid"
check 'told to stop' until_true "$soon" \
	prints 2 grep -c 'stopping when its task has ended' agent-pm.log
kill "$agent_pid"
check 'told again, it stops' stops
check 'its task was BLOCKED, as by a crash, and why is told' journaled pm \
	'"id":"two".*"to":"BLOCKED","reason":"crashed","why":"its agent was told'
check 'what it had started is dead' heart_is_dead two
check 'no result of it is there' test ! -e "$desk/outbox/two" -a \
	! -e "$desk/failed/two"
# Its wait is over at once: it may be READY again already.
check 'it is BLOCKED or READY, the others are READY' prints 'two three four' \
	waiting
start_agent pm
check 'started again, it goes on with that, without a pause' begins two 2
touch gate-two
check 'it is done' comes pm two COMPLETED
check 'after two attempts' prints 2 fact pm two attempts

# --- twice, and the task does not listen -----------------------------------------

check 'the next one runs' begins three
touch gate-three
check 'and the one after it' begins four
touch gate-four
check 'they are done' comes pm four COMPLETED
echo deaf | put pm deaf.md
check 'one that is deaf to SIGTERM' begins deaf
kill "$agent_pid"
until_true "$soon" prints 3 grep -c 'stopping when' agent-pm.log >/dev/null
kill "$agent_pid"
check 'is killed without grace when told twice' stops
check 'with all it has started' heart_is_dead deaf
check 'it is BLOCKED or READY' prints deaf waiting
touch gate-deaf
start_agent pm
check 'and is done at the next start' comes pm deaf COMPLETED

# --- under load ------------------------------------------------------------------

for ((i = 1; i <= 60; i++)); do
	touch "gate-load$i" "heart-load$i"
done
feed() {
	local i

	for ((i = 1; i <= 60; i++)); do
		echo "$i" | put pm "load$i.md"
	done
}
# Each stop lets the running task end.
stop_and_go() {
	local i

	for ((i = 0; i < 10; i++)); do
		kill "$agent_pid"
		stops || return 1
		has pm running 0 && has pm saving 0 && has pm blocked 0 ||
			return 1
		start_agent pm
	done
}
start feed
feeder=$start_pid
check 'ten stops under load' stop_and_go
check 'all is dropped' waits 0 "$feeder"
check 'and done' until_true "$soon" at_rest pm
loads() {
	grep -c '^load[0-9]* 1$' began
}
check 'each ran once' prints 60 loads
check 'none failed' has pm failed 0
check 'none was run a second time' prints 60 grep -c '^load' began
done_testing
