#!/bin/bash
# A script of 20 steps, 3 questions and 2 calls, whose worker, agents and
# orchestrator are killed at random all the while: each step that was done was
# done once, each question answered once, and the result is right.
#
# SPOOLHAND_KILLS sets how often, SPOOLHAND_SEED who and when.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"
need spoolhand spoolhand-gm spoolhand-agent

kills=${SPOOLHAND_KILLS:-200}
seed=${SPOOLHAND_SEED:-31121}
diag "SPOOLHAND_SEED=$seed SPOOLHAND_KILLS=$kills"
RANDOM=$seed

make_spool <<END
restart_backoff: 10ms
restart_backoff_max: 20ms
quarantine_after: 1000
quarantine_window: 1s
defaults:
  retry: {crashes: 1000, base: 10ms, cap: 20ms}
agents:
  pm: {command: [bash, "$scratch/script"]}
  lib: {command: [bash, "$scratch/shout"]}
END
mkdir told
mkfifo nothing
export TOLD=$scratch/told KILLS=$scratch/told/kills
echo 0 >"$KILLS"

# --- the script and what it does ---------------------------------------------

# effect N: what a step does, which takes until the storm has come so far.
# Each beginning and each end is told, with the attempt it is part of.
cat >effect <<'END'
echo "begun $1 $TASK_ATTEMPT" >>"$TOLD/effects"
while [ "$(cat "$KILLS")" -lt $(($1 * SPREAD)) ]; do
	waitfor "$TOLD" 100
done
echo "done $1 $TASK_ATTEMPT" >>"$TOLD/effects"
echo "value $1"
END
export SPREAD=$(((kills * 9 + 199) / 200)) EFFECT=$scratch/effect

cat >script <<'END'
set -eu
step() {
	spoolhand step "step $1" -- bash "$EFFECT" "$1"
}
for n in 1 2 3 4 5; do step $n; done
spoolhand ask 'first?' --option a --option b
for n in 6 7 8; do step $n; done
echo one | spoolhand call lib
for n in 9 10 11 12; do step $n; done
spoolhand ask 'second?'
for n in 13 14 15; do step $n; done
echo two | spoolhand call lib
for n in 16 17 18; do step $n; done
spoolhand ask 'third?' --default c --deadline 1h
for n in 19 20; do step $n; done
cp -r "$TASK_WORK/calls" "$TASK_OUT/calls"
END

cat >shout <<'END'
read -rt 0.02 <>"$SPOOLHAND_TEST/nothing"
tr a-z A-Z
END

# shellcheck disable=SC2317 # called by name
wanted() {
	printf 'value %d\n' {1..5}
	echo b
	printf 'value %d\n' {6..8}
	echo ONE
	printf 'value %d\n' {9..12}
	echo 'the second answer'
	printf 'value %d\n' {13..15}
	echo TWO
	printf 'value %d\n' {16..18}
	echo 'the third answer'
	printf 'value %d\n' 19 20
}

# --- the kills ---------------------------------------------------------------

moment() {
	read -rt "0.$((RANDOM % 2))$((RANDOM % 10))$((RANDOM % 10))" <>nothing
	true
}

count_kill() {
	echo "$1" >told/kills.new && mv told/kills.new "$KILLS"
}

# The first process of the attempt that runs.
worker_pid() {
	local pid rest

	[ -n "$(ids pm running)" ] &&
		read -r pid rest 2>/dev/null <"$root/agents/pm/work/long/alive" &&
		[ -n "$rest" ] && lib_lives "$pid" && echo "$pid"
}

kill_worker() {
	local pid
	pid=$(worker_pid) && kill -9 "$pid" 2>/dev/null
}

kill_agent() {
	local pid
	pid=$(desk_pid "$1") && kill -9 "$pid" 2>/dev/null
}

kill_gm() {
	kill -9 "$gm_pid" || return 1
	wait "$gm_pid" 2>/dev/null
	start_gm >/dev/null
}

# A person who sees a question answers it, sooner or later.
answer() {
	case $(cat "$root/agents/pm/questions/long" 2>/dev/null) in
	*first?*) spoolhand -q answer pm/long b ;;
	*second?*) spoolhand -q answer pm/long 'the second answer' ;;
	*third?*) spoolhand -q answer pm/long 'the third answer' ;;
	esac
}

# One kill, of whoever is there to be killed.
strike() {
	case $((RANDOM % 8)) in
	0 | 1 | 2 | 3) kill_worker && workers=$((workers + 1)) ;;
	4 | 5) kill_agent pm && agents=$((agents + 1)) ;;
	6) kill_agent lib && agents=$((agents + 1)) ;;
	7) kill_gm && gms=$((gms + 1)) ;;
	esac
}

storm() {
	local n=0 end=$((SECONDS + 600))

	while [ $n -lt "$kills" ] && [ $SECONDS -lt $end ]; do
		moment
		[ $((RANDOM % 3)) -ne 0 ] || answer
		strike || continue
		n=$((n + 1))
		count_kill $n
	done
	[ $n -eq "$kills" ] || { echo "only $n kills"; return 1; }
}

workers=0 agents=0 gms=0
start_gm
check 'the script is submitted' \
	spoolhand submit pm --id long --body 'go'
storm >storm.log 2>&1
check "$kills kills" test $? -eq 0
[ -s storm.log ] && diag "$(tail -n 5 storm.log)"
diag "killed $workers workers, $agents agents, $gms orchestrators"
count_kill 1000000

# --- what must be true now ---------------------------------------------------

# shellcheck disable=SC2317 # called by name
over() {
	lib_has_ended pm long || { answer && false; }
}
check 'it ends' until_true 120 over
check 'it is COMPLETED' prints COMPLETED outcome pm long
result=$root/agents/pm/outbox/long
wanted >expected
check 'its result is what an undisturbed run gives' \
	diff expected "$result/stdout"
diag "attempts: $(fact pm long attempts)"
check 'the storm hit it' \
	test "$(fact pm long attempts)" -gt $((kills / 8))

# Step N was recorded in one attempt: none has begun it later, and it ended
# there; what began before was cut short, or cut off from being recorded.
# shellcheck disable=SC2317 # called by name
steps_twice() {
	local n call recorded last seen=0

	for n in {1..20}; do
		call=$(grep -lE "\"step $n\"" "$result"/out/calls/*/call.json)
		recorded=$(grep -oE '"attempt":[[:space:]]*[0-9]+' \
			"${call%/*}/done.json" | grep -oE '[0-9]+$')
		last=$(grep "^begun $n " told/effects | tail -n 1)
		[ "$last" = "begun $n $recorded" ] ||
			echo "step $n: recorded in $recorded, but $last"
		grep -qx "done $n $recorded" told/effects ||
			echo "step $n: recorded in $recorded, but not done there"
		seen=$((seen + 1))
	done
	[ "$seen" -eq 20 ]
}
check 'no step was begun again after it was recorded' prints '' steps_twice
again=$(grep -c '^done' told/effects)
diag "$((again - 20)) of 20 steps were cut off between effect and record"

# An agent that died between record and journal has told of one less.
# shellcheck disable=SC2317 # called by name
answered() {
	cat "$result"/out/calls/*/answer
}
check 'three answers were taken' \
	prints 'bthe second answerthe third answer' answered
# shellcheck disable=SC2317 # called by name
told_twice() {
	journaled pm '"ev":"answer"' | grep -oE '"why":"[^"]*"' | sort | uniq -d
}
check 'none was taken twice' prints '' told_twice
check 'none was turned away' holds pm rejected
check 'two children, each with one result' has lib outbox 2
check 'none failed' has lib failed 0
# shellcheck disable=SC2317 # called by name
admitted() {
	journaled lib '"ev":"admit"' | grep -oE '"id":"[^"]*"' | sort | uniq -d
}
check 'none was submitted twice' prints '' admitted
check 'no question is left' has pm questions 0
check 'fsck finds nothing' prints '' spoolhand -q fsck
check 'all ends when told' spoolhand -q down
check 'no process is left' until_true 5 lib_none_left
done_testing
