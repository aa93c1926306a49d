#!/bin/bash
# A desk has one owner, and one task in running/; when the owner is killed the
# desk is free in that moment.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent tests/onlyone

tasks=200
make_spool <<'END'
agents:
  pm:
    shell: test "$TASK_ID" != long || test -e "$GO" || exec sleep 1000
    retry: {crashes: 10, base: 10ms}
END
export GO=$scratch/go
desk=$root/agents/pm
mkdir -p "$desk/inbox" "$desk/running"

# --- one of five -------------------------------------------------------------

start_five() {
	local i

	pids=()
	for i in 1 2 3 4 5; do
		spoolhand-agent --root "$root" pm </dev/null >"log-$i" 2>&1 &
		pids+=($!)
	done
}

living() {
	local pid

	for pid in "${pids[@]}"; do
		ended "$pid" || echo "$pid"
	done
}

one_lives() {
	[ "$(living | wc -l)" -eq 1 ] && owner=$(living) &&
		[ "$(desk_pid pm)" = "$owner" ]
}

# They say who has it, not who had it.
name_the_owner() {
	local i

	for i in 1 2 3 4 5; do
		[ "${pids[i - 1]}" = "$owner" ] ||
			grep -E "'pm' .*by pid $owner\$" "log-$i" ||
			{ cat "log-$i"; return 1; }
	done
}

race() {
	local pid

	start_five
	check "$1: of five one has the desk" until_true 10 one_lives
	owner=$(desk_pid pm)
	for pid in "${pids[@]}"; do
		[ "$pid" = "$owner" ] ||
			check "$1: a loser exits with 75" waits 75 "$pid"
	done
	check "$1: and names the owner" name_the_owner
}

kill_owner() {
	kill -9 "$owner"
	waits 137 "$owner" 2>/dev/null
}

race 'at first'
for i in 1 2 3 4 5; do
	check "kill $i" kill_owner
	race "after kill $i"
done

# --- one at a time -----------------------------------------------------------

drop_all() {
	local i

	for ((i = 1; i <= tasks; i++)); do
		echo "task $i" >"$desk/inbox/.t$i.md" &&
			mv "$desk/inbox/.t$i.md" "$desk/inbox/t$i.md" || return
	done
}

onlyone "$desk/running" "$desk/saving" >seen &
sampler=$!
check 'a sampler watches' until_true "$soon" grep -q watching seen
check "$tasks tasks are dropped" drop_all
all_done() {
	has pm outbox "$tasks" && at_rest pm
}
check 'and done' until_true "$soon" all_done
check 'the sampler is told to end' kill "$sampler"
check 'it does, content' waits 0 "$sampler"
check 'it has seen each of them, and never two' \
	grep -x "$tasks entered, most 1" seen

# Who runs, from line to line; prints what should not be.
replay() {
	sed -nE 's/.*"ev":"(move|phase|end|recover)","id":"([^"]*)".*"to":"([A-Z]*)".*/\1 \2 \3/p' \
		"$desk/journal.jsonl" | awk '
		$3 != "RUNNING" {
			if (running == $2)
				running = ""
			next
		}
		$1 == "move" {
			if (running)
				print $2 " began while " running " ran"
			running = $2
			began++
		}
		END { print began, running }'
}
check 'nor does the journal tell of two' prints "$tasks " replay

# --- killed in its work ------------------------------------------------------

# The first try has to do: there is no stale lock and nothing to wait for.
takes_over() {
	kill_owner || return
	start_agent pm || return
	owner=$agent_pid
}
runs_long() {
	[[ $(ids pm running) == long ]]
}
echo long | put pm long.md
check 'a task that takes long is running' until_true 10 runs_long
for i in 1 2 3; do
	check 'the owner is killed, the next one takes over' takes_over
	check 'and runs the task again' until_true 10 runs_long
done
touch go
check 'one more' takes_over
check 'the task is done in the end' comes pm long COMPLETED
# A kill may have come before the next attempt had begun.
several_attempts() {
	local n

	n=$(fact pm long attempts)
	[ "$n" -ge 2 ] && [ "$n" -le 6 ]
}
check 'in a later attempt, one for each life at most' several_attempts
kill "$owner"
check 'the last one ends' waits 0 "$owner"
done_testing
