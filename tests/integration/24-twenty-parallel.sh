#!/bin/bash
# Twenty agents work at the same time: a second of work for each takes all of
# them little more than one.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"
need spoolhand-gm spoolhand-agent

n=20
agents=()
for ((i = 1; i <= n; i++)); do
	agents+=("a$i")
done
{
	echo 'agents:'
	printf '  %s: {command: [sleep, "1"]}\n' "${agents[@]}"
} | make_spool
start_gm

# A task is dropped by one rename: they are dropped together.
all_at_once() {
	local name

	for name in "${agents[@]}"; do
		until_true 20 desk_held "$name" || return 1
		echo "task of $name" >"$root/agents/$name/inbox/.new" || return
	done
	for name in "${agents[@]}"; do
		mv "$root/agents/$name/inbox/.new" \
			"$root/agents/$name/inbox/one.md" || return
	done
}
check "$n tasks for $n agents" all_at_once
for name in "${agents[@]}"; do
	check "$name has done its own" comes "$name" one COMPLETED
done

# Milliseconds of the wall clock, by the journals: times TO prints when the
# tasks came into this state, in order.
times() {
	local name

	for name in "${agents[@]}"; do
		sed -nE "s/.*\"t\":([0-9]+),.*\"ev\":\"$2\".*\"to\":\"$1\".*/\1/p" \
			"$root/agents/$name/journal.jsonl"
	done | sort -n
}
times RUNNING move >began
times COMPLETED end >finished
check 'each has begun once' prints "$n" grep -c . began
check 'each has ended once' prints "$n" grep -c . finished
took=$(($(tail -n 1 finished) - $(head -n 1 began)))
diag "from the first beginning to the last end: $took ms"

check 'at one time all of them were running' \
	test "$(tail -n 1 began)" -lt "$(head -n 1 finished)"
check 'none has taken less than its second' test "$took" -ge 1000
if [ -z "${SPOOLHAND_SANITIZED-}" ]; then
	check 'together they took less than 1.5 s' test "$took" -lt 1500
fi
done_testing
