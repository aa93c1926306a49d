#!/bin/bash
# Tasks run by class, and in the order of their arrival within one, whatever
# their names and times say; with ageing, low work ends under constant high.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent

make_spool <<'END'
durability: process
agents:
  pm: {shell: 'echo "$TASK_ID" >>"$SPOOLHAND_TEST/order"'}
  strict: {shell: . "$SPOOLHAND_TEST/more.sh"}
  fair: {shell: . "$SPOOLHAND_TEST/more.sh", ageing: 50ms}
END

# --- 300 tasks of three classes ------------------------------------------------

start_agent pm
pause pm
check 'a pause' paused pm

# Names in no order, times in another one, classes in a third.
mkdir drops
classes=(high medium low)
for ((i = 0; i < 300; i++)); do
	class=${classes[RANDOM % 3]}
	name=$((RANDOM % 10))-$(printf %03d $((i * 7 % 300)))
	printf -- '---\npriority: %s\n---\n' "$class" >"drops/$name.md"
	touch -d "@$((RANDOM * 40000))" "drops/$name.md"
	echo "$class $name" >>arrivals
done
while read -r class name; do
	mv "drops/$name.md" "$root/agents/pm/inbox/"
done <arrivals
for class in "${classes[@]}"; do
	sed -n "s/^$class //p" arrivals
done >want

check 'all are READY' until_true "$soon" has pm ready 300
check 'nothing has run' test ! -e order
check 'ls shows them in their order' holds pm ready "$(paste -sd' ' want)"
unpause pm
check 'they are done' until_true "$soon" has pm outbox 300
check 'first by class, then by arrival' cmp want order
kill "$agent_pid"
check 'the agent stops' waits 0 "$agent_pid"

# --- high work without end -----------------------------------------------------

# Each high task drops another one before it ends, until the low one has run,
# or there were 100.
cat >more.sh <<'END'
cd "$SPOOLHAND_TEST" || exit
echo "$TASK_ID" >>"order-$TASK_AGENT"
test "$TASK_ID" != low || exit 0
grep -qx low "order-$TASK_AGENT" && exit 0
test "$(wc -l <"order-$TASK_AGENT")" -lt 100 || exit 0
inbox=$SPOOLHAND_ROOT/agents/$TASK_AGENT/inbox
printf -- '---\npriority: high\n---\n' >"$inbox/.high-$TASK_ID"
mv "$inbox/.high-$TASK_ID" "$inbox/high.md"
END

under_load() {
	start_agent "$1"
	pause "$1"
	paused "$1" || return
	printf -- '---\npriority: low\n---\n' | put "$1" low.md
	until_true "$soon" has "$1" ready 1 || return
	# Two, so that one always waits when another ends.
	printf -- '---\npriority: high\n---\n' | put "$1" one.md
	printf -- '---\npriority: high\n---\n' | put "$1" two.md
	until_true "$soon" has "$1" ready 3 || return
	unpause "$1"
	ends "$1" low && until_true "$soon" at_rest "$1"
}

# The number of tasks that ran until the low one had.
place_of_low() {
	grep -nx low "order-$1" | cut -d: -f1
}

check 'high work without end, no ageing' under_load strict
check 'all of it went before the low one' test "$(place_of_low strict)" -gt 100
check 'the same with ageing' under_load fair
check 'the low one went before most of it' test "$(place_of_low fair)" -lt 100
done_testing
