#!/bin/bash
# Failures in a row pause an agent, then one task probes: row C16.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

make_spool <<'END'
durability: process
agents:
  a:
    shell: 'echo "$TASK_ID" >>"$SPOOLHAND_TEST/begun"; test ! -e "$SPOOLHAND_TEST/broken" || { read -r s; exit "${s:-1}"; }'
    pause_after: 3
    probe: 1h
  quick:
    shell: 'test ! -e "$SPOOLHAND_TEST/broken"'
    pause_after: 2
    probe: 100ms
END
desk=$root/agents/a

task() {
	put "${3-a}" "$1.md" <<<"${2-1}"
}
healthy() {
	[ ! -e "$root/agents/${1-a}/health.json" ]
}
lines() {
	sed -nE 's/.*"ev":"health".*"reason":"([a-z]*)".*/\1/p' \
		"$root/agents/$1/journal.jsonl" | paste -sd' '
}

touch broken
start_agent a
task f1
check 'one failure' comes a f1 FAILED exit
check 'is counted' grep -q '"failures":.*1' "$desk/health.json"
rm broken
task ok
check 'one that goes well' comes a ok COMPLETED
check 'ends the count' until_true "$soon" healthy
touch broken
task f2
task p1 65
task f3
check 'two failures' comes a f3 FAILED exit
check 'what is final for its own reasons does not count' \
	grep -q '"failures":.*2' "$desk/health.json"
task f4
check 'the third in a row' comes a f4 FAILED exit
check 'pauses the agent' until_true "$soon" grep -q pause_ms "$desk/health.json"
check 'it is told' prints paused lines a
check 'with the time and the command' journaled a \
	'"why":"3 attempts in a row have failed, nothing starts for 1h00m; at once with: spoolhand resume a","until":[0-9]+'

task w1
task w2
check 'further tasks are READY' until_true "$soon" holds a ready w1 w2
check 'and stay so' test "$(grep -c w begun)" -eq 0
check 'status says so' spoolhand status
check 'with the time of the probe' said -E \
	'3 failures in a row, probe at [0-9]{4}-'
check 'for programs, too' spoolhand status a --json
check 'in members' said -E '"failing":3,"probe":[0-9]+'
check 'why says so' spoolhand why a/w1
check 'with the command' said -E \
	'3 attempts in a row have failed: nothing starts before a probe at .*; let it go on at once with: spoolhand resume a'

# --- it survives a restart ------------------------------------------------------

kill -KILL "$agent_pid"
check 'the agent is killed' until_true "$soon" ended "$agent_pid"
start_agent a
a_pid=$agent_pid
spoolhand sync a
check 'the next one is paused as well' holds a ready w1 w2
check 'and told nothing anew' prints paused lines a

# --- resume ---------------------------------------------------------------------

check 'somebody says go on' spoolhand resume a
check 'and it does' comes a w1 FAILED exit
check 'the count began anew' comes a w2 FAILED exit
check 'from one' grep -q '"failures":.*2' "$desk/health.json"
check 'both are told' prints 'paused well' lines a
check 'to say so again' spoolhand resume a
check 'sets the count back, too' until_true "$soon" healthy
check 'which is no news' prints 'paused well' lines a
rm broken
task after
check 'all is well' comes a after COMPLETED

# --- a probe, and the next ------------------------------------------------------

touch broken
start_agent quick
for i in 1 2 3 4; do
	task "q$i" '' quick
done
check 'it pauses, probes and pauses again' comes quick q4 FAILED exit
check 'one task at a time' prints 'paused probe paused probe paused' lines quick
check 'each pause is twice as long' prints '100 200 400' sh -c \
	'sed -nE "/\"reason\":\"paused\"/s/.*nothing starts for ([^;]*);.*/\1/p" "$1" |
		tr -d ms | paste -sd" "' - "$root/agents/quick/journal.jsonl"
rm broken
task q5 '' quick
check 'a probe that goes well' comes quick q5 COMPLETED
check 'ends it' until_true "$soon" healthy quick
check 'and says so' prints 'paused probe paused probe paused probe well' \
	lines quick
check 'status has no word of it' spoolhand status quick
check_not 'any more' said 'in a row'

# --- turned off -------------------------------------------------------------------

kill "$a_pid"
check 'the agent ends' until_true "$soon" ended "$a_pid"
printf '{"failures":9,"pause_ms":3600000,"until":9000000000000}' >"$desk/health.json"
sed -i 's/pause_after: 3/pause_after: 0/' "$root/spoolhand.yaml"
start_agent a
task off
check 'with pause_after 0 nothing is paused' comes a off COMPLETED
check 'and nothing remembered' healthy
done_testing
