#!/bin/bash
# Who waits for a task is told what it asks and how to answer, and with
# --no-block does not wait for that.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
agents:
  db:
    command: [sh, -s]
  dev:
    command: [sh, -s]
END
desk=$root/agents/db
ask='spoolhand ask "Which database?" --option postgres --option "my sql"'

submit() {
	spoolhand -q submit "$1" --id "$2" --body "$3" >/dev/null
}

asks() {
	until_true "$soon" test -e "$desk/questions/$1"
}

# In the background: $start_pid, and what it says in $scratch/$1.err
begin() {
	spoolhand "${@:2}" </dev/null >"$scratch/$1.out" 2>"$scratch/$1.err" &
	start_pid=$!
}

says() {
	until_true "$soon" grep -F -- "$2" "$scratch/$1.err"
}

ends_with() {
	until_true "$soon" ended "$2" && waits "$1" "$2"
}

start_agent db
start_agent dev

# --- wait -----------------------------------------------------------------------

submit db one "$ask"
asks one
check 'wait --no-block ends when one asks' exits 6 \
	spoolhand wait --no-block db/one
check 'says what' said "db/one asks: Which database?"
check 'with its options' said 'options: postgres, my sql'
check 'and how to answer' said 'answer it with: spoolhand answer db/one postgres'
check '-q says nothing' prints '' exits 6 spoolhand -q wait --no-block db/one

submit dev other 'echo fine'
ends dev other >/dev/null
check 'one that asks is enough' exits 6 \
	spoolhand wait --no-block dev/other db/one
check 'what has ended is told' said 'dev/other COMPLETED'
check '--any takes one that has ended' \
	spoolhand wait --any --no-block dev/other db/one

# It asks while somebody waits already.
mkfifo gate
submit db later "read -r go <\"\$SPOOLHAND_TEST/gate\"; $ask"
until_true "$soon" holds db running later >/dev/null
begin wait wait --no-block db/later
timeout "$soon" sh -c 'echo >gate'
check 'a wait ends when its task begins to ask' ends_with 6 "$start_pid"
check 'and says so' says wait 'db/later asks: Which database?'
spoolhand -q cancel db/later
ends db later >/dev/null

# An answer that was given is enough, also if nobody has taken it yet.
db_pid=$(desk_pid db)
kill -STOP "$db_pid"
check 'an answer is given' spoolhand answer db/one 'my sql'
begin given wait --no-block db/one
given=$start_pid
begin short wait --no-block --timeout 1ms db/one
check 'it is not asked any more' ends_with 4 "$start_pid"
kill -CONT "$db_pid"
check 'and a wait goes on' ends_with 0 "$given"
check 'to its end' grep -x 'db/one COMPLETED' "$scratch/given.out"

# --- without --no-block ---------------------------------------------------------

submit db two "$ask"
begin plain wait db/two
plain=$start_pid
check 'a wait tells what is asked' says plain \
	'db/two is BLOCKED (question): asks: Which database?'
check 'and how to answer' says plain 'answer it with: spoolhand answer db/two postgres'
check 'and waits on' lib_lives "$plain"
spoolhand -q answer db/two postgres
check 'until it is answered' ends_with 0 "$plain"
check 'it was said once' prints 1 grep -c Which "$scratch/plain.err"

# --- run ------------------------------------------------------------------------

begin run run db --no-block --id three --body "$ask"
check 'run --no-block ends, too' ends_with 6 "$start_pid"
check 'with the question' says run 'db/three asks: Which database?'
check 'and says that the task goes on' says run 'spoolhand result db/three'
check 'it wrote nothing' prints '' cat "$scratch/run.out"
begin run run db --id three --body "$ask"
run=$start_pid
check 'run without it waits' says run 'answer it with: spoolhand answer db/three'
spoolhand -q answer db/three 'my sql'
check 'for the answer' ends_with 0 "$run"
check 'and writes it' prints 'my sql' cat "$scratch/run.out"

# A loop of a script that answers by itself.
submit db four 'i=0
while [ $i -lt 5 ]; do
	i=$((i + 1))
	spoolhand ask "Number $i?" || exit
done'
loop() {
	local status=6 n=0

	while [ "$status" -eq 6 ]; do
		status=0
		spoolhand -q wait --no-block db/four || status=$?
		[ "$status" -eq 6 ] || break
		n=$((n + 1))
		spoolhand -q answer db/four "$n" || return
	done
	echo "$status after $n"
}
check 'a script can answer in a loop' prints $'db/four COMPLETED\n0 after 5' loop
check 'each once' prints $'1\n2\n3\n4\n5' spoolhand result db/four
done_testing
