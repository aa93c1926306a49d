#!/bin/bash
# Submitting needs nobody: with nothing running tasks are taken, and all that
# was promised is done later; results need no orchestrator.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent spoolhand-gm

make_spool <<'END'
restart_backoff: 100ms
agents:
  a:
    shell: |
      case $TASK_ID in held*) read -r line <"$GATE"; echo "$line" ;; esac
      cat
  b: {shell: cat}
  c: {shell: 'cat; cat "$TASK_IN"/* 2>/dev/null || :'}
END
export GATE=$scratch/gate
mkfifo "$GATE"
agents=(a b c)

# --- a hundred tasks, and nobody there ---------------------------------------

mkdir bulk
for ((i = 0; i < 60; i++)); do
	echo "bulk $i" >"bulk/bulk-$i.md"
done
in_bulk() {
	spoolhand submit a bulk/*.md >refs.bulk &&
		[ "$(wc -l <refs.bulk)" -eq 60 ]
}
one_by_one() {
	local i

	for ((i = 0; i < 30; i++)); do
		echo "single $i" | spoolhand submit "${agents[i % 3]}" \
			--id "single-$i" || return
	done >refs.single
	[ "$(wc -l <refs.single)" -eq 30 ]
}
# These wait for each other: the first is for the desk that is given last.
chained() {
	local i

	for ((i = 9; i > 0; i--)); do
		spoolhand submit c --id "chain-$i" --body "chain $i" \
			--after "${agents[i % 2]}/single-$((i % 2))" \
			--after "c/chain-$((i - 1))" || return
	done >refs.chain
	spoolhand submit c --id chain-0 --body 'chain 0' >>refs.chain
}
check 'sixty in bulk' in_bulk
check 'thirty one by one' one_by_one
check 'ten that wait for others' chained
cat refs.* >refs
check 'they are a hundred' prints 100 grep -c . refs
check 'of a hundred names' prints 100 sh -c 'sort -u refs | wc -l'
check 'nothing runs' test -z "$(gm_holder)$(desk_pid a)$(desk_pid b)"
dropped() {
	local name

	for name in "${agents[@]}"; do
		spoolhand ls --state dropped "$name"
	done | wc -l
}
check 'all of them can be seen' prints 100 dropped
check 'waiting for them ends when it is told to' \
	exits 4 spoolhand wait --timeout 100ms a/single-0
check 'with a word about why' said 'not running'

start_gm
all_done() {
	local ref

	while read -r ref; do
		[ -e "$root/agents/${ref%/*}/outbox/${ref#*/}" ] && continue
		echo "$ref is not done"
		return 1
	done <refs
}
check 'then all of them are done' until_true "$soon" all_done
# shellcheck disable=SC2046 # refs have no blanks
check 'which wait says, too' spoolhand wait --timeout 10s $(cat refs)
check 'each with its own result' prints 'single 7' spoolhand result b/single-7
none_failed() {
	local name

	for name in "${agents[@]}"; do
		has "$name" failed 0 && has "$name" rejected 0 || return
	done
}
check 'nothing failed' none_failed
once() {
	local name n

	for name in "${agents[@]}"; do
		n=$(count "$name" outbox)
		prints "$n" grep -c '"to":"RUNNING","why"' \
			"$root/agents/$name/journal.jsonl" || return
	done
}
check 'each ran once' once

# --- the orchestrator goes away while they work ------------------------------

spoolhand -q submit a --id held --body ' of the body' >/dev/null
check 'one runs' until_true "$soon" has a running 1
pids=$(desk_pid a)-$(desk_pid b)-$(desk_pid c)
kill -9 "$gm_pid"
wait "$gm_pid" 2>/dev/null
check_not 'the orchestrator is gone' gm_holder
spoolhand -q submit b --id alone --body 'without it' >/dev/null
check 'a task is done without it' comes b alone COMPLETED
check 'its result can be read' prints 'without it' spoolhand result b/alone
echo through >"$GATE"
check 'and one that had begun with it' comes a held COMPLETED
check 'the agents are those that there were' prints "$pids" \
	sh -c "echo $(desk_pid a)-$(desk_pid b)-$(desk_pid c)"

spoolhand -q submit a --id held-2 --body x >/dev/null
check 'one runs' until_true "$soon" has a running 1
start_gm
check 'the next one adopts them' \
	prints "$pids" echo "$(desk_pid a)-$(desk_pid b)-$(desk_pid c)"
kill -9 "$(desk_pid b)"
held_by_another() {
	local pid
	pid=$(desk_pid b) && [[ $pids != *-$pid-* ]]
}
check 'it minds them' until_true "$soon" held_by_another
echo through >"$GATE"
check 'the one that ran is done' comes a held-2 COMPLETED
check 'in its first attempt' prints 1 fact a held-2 attempts
kill "$gm_pid"
check 'it ends' until_true "$soon" ended "$gm_pid"
check_not 'and its agents with it' desk_held a
done_testing
