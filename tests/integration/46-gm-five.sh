#!/bin/bash
# Of five orchestrators started at once one runs, and the others say so.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
need spoolhand-gm spoolhand-agent

make_spool <<'END'
agents:
  pm: {shell: cat}
  dev: {shell: cat}
END

four_ended() {
	local pid n=0

	for pid in "${pids[@]}"; do
		ended "$pid" && n=$((n + 1))
	done
	[ "$n" -eq 4 ]
}

for round in 1 2 3; do
	pids=()
	for i in 1 2 3 4 5; do
		spoolhand-gm --root "$root" </dev/null >"$scratch/log-$i" 2>&1 &
		pids+=($!)
	done
	check "round $round: four of five end" until_true 10 four_ended
	holder=$(gm_holder)
	for pid in "${pids[@]}"; do
		if [ "$pid" = "$holder" ]; then
			check 'the holder runs' kill -0 "$pid"
		else
			check 'a loser says try later' waits 75 "$pid"
		fi
	done
	check 'the losers said why' prints 4 sh -c \
		"cat '$scratch'/log-* | grep -c 'has an orchestrator already'"
	for agent in pm dev; do
		check "$agent runs" until_true 5 desk_held "$agent"
	done
	check 'every agent was started once' prints 2 sh -c \
		"cat '$scratch'/log-* | grep -c 'started pid='"
	kill "$holder"
	check 'it ends' until_true 10 ended "$holder"
	check 'with status 0' waits 0 "$holder"
done

done_testing
