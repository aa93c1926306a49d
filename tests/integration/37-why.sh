#!/bin/bash
# Whatever a task waits for, `why` says it in one line, and what it tells to do
# can be done.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent spoolhand-gm

make_spool <<'END'
agents:
  w:
    shell: |
      case $TASK_ID in
      held*) echo here >held
             echo '{"progress":50,"message":"half way"}' >&3
             exec sleep 1000 ;;
      bad*) exit 65 ;;
      later*) exit 75 ;;
      esac
    retry: {base: 1h, cap: 1h}
  full:
    shell: exec sleep 1000
    max_pending: 1
END
desk=$root/agents/w

submit() {
	spoolhand -q submit w --id "$1" --body "body of $1" "${@:2}" >/dev/null
}

# one REF WORD... - one line about it, with all of these words in it; the
# command that it names is one, and is about this task or agent.
one() {
	local ref=$1 line word verb operand
	shift

	line=$(spoolhand why "$ref" 2>&1) || { echo "$line"; return 1; }
	echo "$line"
	[ -n "$line" ] && [ "$(wc -l <<<"$line")" -eq 1 ] || return
	[[ $line == "$ref "* ]] || { echo "it is not about $ref"; return 1; }
	for word; do
		[[ $line == *"$word"* ]] || { echo "nothing of $word"; return 1; }
	done
	[[ $line == *' with: spoolhand '* ]] || return 0
	line=${line##* with: spoolhand }
	read -r verb operand <<<"${line%%;*}"
	spoolhand "$verb" --help >/dev/null || return
	case $operand in
	'' | w | full | w/* | 'w FILE --id '*) ;;
	*)
		echo "what is '$operand'?"
		return 1
		;;
	esac
}

is() {
	until_true "$soon" one "$@"
}

# everything LOOK - at every task that ls shows, and nothing goes unexplained.
everything() {
	local ref n=0

	while read -r ref _; do
		one "$ref" || return
		n=$((n + 1))
	done < <(spoolhand ls --state all "${1-w}")
	[ "$n" -ge "${2-1}" ] || { echo "only $n were there"; return 1; }
}

# --- nothing runs ------------------------------------------------------------

submit held
put w by-hand.txt <<'END'
a drop by hand
END
check 'a drop with no agent' \
	is w/held DROPPED inbox 'not running' 'spoolhand up'
check 'a drop by hand with no agent' is w/by-hand DROPPED 'spoolhand up'
spoolhand -q cancel w/by-hand
check 'everything is explained' everything w 2

# --- an agent runs -----------------------------------------------------------

start_agent w
check 'RUNNING' is w/held RUNNING 'attempt 1' '45%' 'half way' \
	'spoolhand cancel w/held'
submit first
submit second
submit third
check 'READY, the next one' is w/first 'READY and next' 'w/held is RUNNING'
check 'READY, behind one' is w/second 'READY behind 1 other;' 'w/held is RUNNING'
check 'READY, behind two' is w/third 'READY behind 2 others;'
submit waits --after w/third --after w/nobody
check 'PENDING, for a task' is w/waits PENDING 'w/third (READY)' \
	'w/nobody (no such task yet)' \
	'submit that with: spoolhand submit w FILE --id nobody' \
	'spoolhand cancel w/waits'
submit wants --input w/third/some.txt
check 'PENDING, for an artifact' is w/wants PENDING w/third READY
check 'everything is explained' everything w 6

# --- the agent is killed under them ------------------------------------------

kill -9 "$agent_pid"
wait "$agent_pid" 2>/dev/null
check 'RUNNING, and its agent is dead' is w/held RUNNING 'its agent ended' \
	'counts as crashed' 'spoolhand up'
check 'READY, with no agent' is w/first READY 'not running' 'spoolhand up'
check 'PENDING, with no agent' is w/waits PENDING w/third 'spoolhand up'
check 'everything is explained' everything w 6
pause w
start_agent w
check 'BLOCKED, as it crashed' is w/held BLOCKED crashed 'attempt 2' \
	'spoolhand retry w/held'
check 'READY, and its agent is paused' \
	is w/first READY paused 'spoolhand resume w'
submit while-paused
check 'READY and last, and its agent is paused' \
	is w/while-paused 'READY behind 3' paused
check 'everything is explained' everything w 7

# What it tells to do helps.
order=$(spoolhand why w/first)
check 'it tells how to go on' test "${order##* with: }" = 'spoolhand resume w'
read -ra order <<<"${order##* with: }"
check 'and that can be done' "${order[@]}"
check 'and helps' comes w first COMPLETED
check 'COMPLETED' is w/first COMPLETED "$desk/outbox/first" \
	'spoolhand result w/first'
check 'the third is done' comes w third COMPLETED
check 'PENDING, for what has no such artifact' \
	comes w wants WITHDRAWN dependency_failed
check 'WITHDRAWN, for what it needed' is w/wants WITHDRAWN some.txt \
	'spoolhand retry w/wants'
check 'PENDING, now for one' is w/waits PENDING w/nobody

# --- ends that are not good --------------------------------------------------

submit bad
check 'one fails' comes w bad FAILED permanent
check 'FAILED' is w/bad FAILED permanent 'status 65' 'spoolhand retry w/bad'
submit patient --after w/bad --on-dependency-failure block
check 'PENDING, for a failure' is w/patient PENDING 'w/bad (FAILED)'
submit impatient --after w/bad
check 'another is withdrawn' comes w impatient WITHDRAWN dependency_failed
check 'WITHDRAWN, for a failure' is w/impatient WITHDRAWN w/bad
submit later
check 'BLOCKED, as it asked for it' is w/later BLOCKED retry '75' \
	'spoolhand retry w/later'
check 'cancelled before its agent began' \
	is w/by-hand WITHDRAWN cancelled 'spoolhand retry w/by-hand'
put w broken.md <<'END'
---
titel: x
---
END
check 'rejected' is w/broken rejected titel title 'drop it again'
check_not 'what is not there is told' spoolhand why w/nothing
check 'as such' said 'no task'
check 'everything is explained' everything w 13

# --- a desk that is full, and a crash loop -----------------------------------

start_agent full
full_pid=$agent_pid
for i in 1 2 3; do
	echo "task $i" | put full "task$i.txt"
	[ "$i" -gt 1 ] || until_true "$soon" has full running 1
	[ "$i" -gt 2 ] || until_true "$soon" has full ready $((i - 1))
done
check 'DROPPED, as the desk is full' \
	is full/task3 DROPPED 'the desk is full (max_pending: 1)'
kill -9 "$full_pid"
wait "$full_pid" 2>/dev/null
check 'DROPPED, full and with no agent' is full/task3 DROPPED 'not running'
check 'everything is explained' everything full 3

kill "$agent_pid" 2>/dev/null
kill "$(desk_pid w)"
until_true "$soon" has w running 0
gone() { ! desk_held w; }
check 'the agent ends' until_true "$soon" gone
cat >"$root/spoolhand.yaml" <<'END'
agents:
  full: {shell: cat}
END
check 'PENDING, and its agent is not in the configuration' \
	is w/waits PENDING 'not in spoolhand.yaml'
check 'READY or not, everything is explained' everything w 13

# While a task lives there is no moment without an answer.
make_spool <<'END'
agents:
  w: {shell: exit $((TASK_ATTEMPT < 3)), retry: {max: 9, base: 10ms}}
END
start_agent w
for ((i = 0; i < 8; i++)); do
	submit "busy-$i"
done
all_along() {
	local i=0 n=0

	while [ "$i" -lt 8 ]; do
		one "w/busy-$i" || return
		n=$((n + 1))
		[ ! -e "$desk/outbox/busy-$i" ] || i=$((i + 1))
	done
	echo "$n answers"
}
check 'all along there is an answer' all_along
done_testing
