#!/bin/bash
# Submit, sync, look: never stale.  SPOOLHAND_TRIES sets how often.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
agents:
  w: {command: ["true"]}
END
tries=${SPOOLHAND_TRIES:-100}

# Each turn: 20 tasks, and after sync none of them may be a drop any more.
turn() {
	local i args=()

	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		args+=("$scratch/src/t$1-$i.md")
		echo "$1 $i" >"$scratch/src/t$1-$i.md"
	done
	spoolhand submit w "${args[@]}" >"$scratch/refs" || return 1
	spoolhand sync w || return 1
	[ "$(spoolhand ls w | grep -c DROPPED)" -eq 0 ]
}

all_turns() {
	local n

	for ((n = 1; n <= tries; n++)); do
		turn "$n" || { echo "stale in turn $n"; return 1; }
		rm -f "$scratch"/src/*
	done
}

wait_for_refs() {
	xargs spoolhand -q wait --timeout 60s <"$scratch/refs"
}

mkdir src
start_agent w
check "$((tries * 20)) tasks, never stale after sync" all_turns
check 'the last turn ends' wait_for_refs

# With nothing running there is nothing to wait for, and sync says so.
kill "$agent_pid"
check 'the agent stops' waits 0 "$agent_pid"
spoolhand -q submit w --body x >/dev/null
check 'sync without an agent exits 69' exits 69 spoolhand sync w
done_testing
