#!/bin/bash
# Agents, the orchestrator and submitters are killed at random under load:
# what was promised is done, once, and the spool is sound.
#
# SPOOLHAND_KILLS sets how often, SPOOLHAND_SEED who and when.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"
need spoolhand spoolhand-gm spoolhand-agent
command -v flock >/dev/null || skip_all 'flock is not installed'

kills=${SPOOLHAND_KILLS:-200}
seed=${SPOOLHAND_SEED:-20261}
diag "SPOOLHAND_SEED=$seed SPOOLHAND_KILLS=$kills"
RANDOM=$seed
agents=(pm dev qa)

make_spool <<END
restart_backoff: 10ms
restart_backoff_max: 20ms
quarantine_after: 1000
quarantine_window: 1s
defaults:
  command: [sh, "$scratch/worker"]
  retry: {crashes: 1000, base: 10ms, cap: 50ms}
agents:
  pm: {}
  dev: {}
  qa: {}
END
mkdir desks src
export DESKS=$scratch/desks

# Whoever is part of a task, to the last grandchild, holds its desk's flock;
# that of the orphan shows a second attempt beside the rest of the first.
cat >worker <<'END'
exec 9>>"$DESKS/$TASK_AGENT"
flock -n 9 || echo "$TASK_REF $TASK_ATTEMPT $$" >>"$DESKS/overlaps"
(sleep 0.01) &
case $TASK_ID in
*[05]) (trap '' HUP TERM && sleep 60) & ;;
*[16]) sleep 0.02 ;;
*[27]) cat >"$TASK_OUT/body" ;;
esac
echo "$TASK_ID"
END

# --- the load ----------------------------------------------------------------

# A REF in acknowledged is a promise.  Not more work than there are hands.
too_much() {
	[ "$(find "$root/agents/$1/inbox" "$root/agents/$1/ready" -type f |
		wc -l)" -gt 40 ]
}
room() {
	[ -e "$scratch/over" ] || ! too_much "$1"
}
submitter() {
	local n=0 agent files i

	mkdir "src/$1"
	while [ ! -e over ]; do
		agent=${agents[n % 3]}
		files=()
		for i in {1..12}; do
			n=$((n + 1))
			echo "body of $n" >"src/$1/s$1-$n.md"
			files+=("src/$1/s$1-$n.md")
		done
		spoolhand -q submit "$agent" "${files[@]}" >>"acknowledged-$1"
		rm "${files[@]}"
		until_true 30 room "$agent" >/dev/null
	done
}

# --- the kills ---------------------------------------------------------------

moment() {
	read -rt "0.0$((RANDOM % 3))$((RANDOM % 10))" <>"$scratch/nothing"
	true
}

other_agent() {
	local now
	now=$(desk_pid "$1")

	[ -n "$now" ] && [ "$now" != "$2" ]
}

kill_agent() {
	local name=${agents[RANDOM % 3]} pid

	until_true 20 desk_held "$name" || return 1
	moment
	pid=$(desk_pid "$name") || return 1
	kill -9 "$pid" || return 1
	until_true 20 other_agent "$name" "$pid"
}

kill_gm() {
	moment
	kill -9 "$gm_pid" || return 1
	wait "$gm_pid" 2>/dev/null
	start_gm
}

# One that has a lot to submit, so that it is hit in the middle of it.
kill_submitter() {
	local name=${agents[RANDOM % 3]} pid i files=()

	for i in 1 2 3 4 5 6 7 8; do
		echo "body $i" >"src/k$1-$i.md"
		files+=("src/k$1-$i.md")
	done
	spoolhand -q submit "$name" "${files[@]}" \
		>>"acknowledged-k" 2>>submit.log &
	pid=$!
	moment
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	rm "${files[@]}"
}

storm() {
	local n

	for ((n = 1; n <= kills; n++)); do
		case $((RANDOM % 4)) in
		0 | 1) kill_agent && killed_agents=$((killed_agents + 1)) ;;
		2) kill_gm && killed_gms=$((killed_gms + 1)) ;;
		3) kill_submitter "$n" ;;
		esac || { echo "kill $n went wrong"; return 1; }
	done
}

killed_agents=0 killed_gms=0
mkfifo nothing
start_gm
submitters=()
for i in 1 2 3; do
	submitter "$i" 2>>submit.log &
	submitters+=($!)
done
storm >storm.log 2>&1
check "$kills kills" test $? -eq 0
grep -q . storm.log && diag "$(tail -n 20 storm.log)"
diag "killed $killed_agents agents, $killed_gms orchestrators"
touch over

# --- what must be true now ---------------------------------------------------

for pid in "${submitters[@]}"; do
	check 'a submitter ends' waits 0 "$pid"
done
cat acknowledged-* | grep . | sort >promised
promised=$(wc -l <promised)
for agent in "${agents[@]}"; do
	check "$agent comes to rest" until_true "$soon" at_rest "$agent"
done
check "there was work: $promised promises" \
	test "$promised" -ge $((kills / 4))
check_not 'no REF was promised twice' grep -q . <(uniq -d promised)

# AGENT/ID of everything in these places.
refs_in() {
	local agent place

	for agent in "${agents[@]}"; do
		for place; do
			find "$root/agents/$agent/$place" -mindepth 1 \
				-maxdepth 1 -printf "$agent/%f\n"
		done
	done | sort
}
refs_in outbox >in-outbox
refs_in failed >in-failed
sort in-outbox in-failed >disposed
diag "$(wc -l <in-outbox) completed, $(wc -l <in-failed) failed"
check 'every promise was kept, once' \
	prints '' comm -23 promised <(uniq disposed)
check 'nothing has two results' prints '' uniq -d disposed
check 'none failed: a crash is no failure of a task' test ! -s in-failed
check 'nothing was turned away' prints '' refs_in rejected
check 'nothing was claimed and forgotten' prints '' refs_in admit
lines_made() {
	cat "$root"/agents/*/outbox/*/stdout | wc -l
}
check 'each has one line, that of its worker' \
	prints "$(wc -l <in-outbox)" lines_made

# Otherwise there was no storm.
hits() {
	cat "$root"/agents/*/journal.jsonl | grep -c "$1"
}
crashed=$(hits '"reason":"crashed"')
diag "$crashed attempts were cut short, $(hits '"ev":"recover"')" \
	'lines of a journal corrected'
check 'tasks were hit while they ran' test "$crashed" -ge $((kills / 50))

# A worker has TASK_REF in its surroundings.
workers() {
	local pid

	for pid in $(tree_pids); do
		grep -qsz '^TASK_REF=' "/proc/$pid/environ" &&
			lib_lives "$pid" && tr '\0' ' ' <"/proc/$pid/cmdline"
	done
	return 0
}
check 'no worker is left over' until_true 5 prints '' workers
touch desks/overlaps
check 'never two workers at one desk' prints '' cat desks/overlaps

# An "end" line is written when the result is in its place and before the
# entry goes: killed in between, recovery writes it once more, before
# anything else happens at the desk.  So every result has one, and one that
# comes again is the same, with nothing but other work of recovery between.
ends_told() {
	awk -v agent="$1" -v file="$2" '
	function value(key,    at, rest) {
		at = index($0, "\"" key "\":\"")
		if (!at)
			return ""
		rest = substr($0, at + length(key) + 4)
		return substr(rest, 1, index(rest, "\"") - 1)
	}
	{ ev = value("ev"); id = value("id"); to = value("to") }
	ev == "end" {
		same = $0
		sub(/"n":[0-9]+,"t":[0-9]+,/, "", same)
		if (!(id in told))
			print agent "/" id >file
		else if (told[id] != same || epoch[id] != now)
			print agent "/" id " ended twice: line " NR
		told[id] = same
		epoch[id] = now
	}
	ev != "end" && id in told { print id " goes on: line " NR }
	# What recovery never writes before it is through.
	ev == "admit" || ev == "start" || to == "RUNNING" && ev == "move" {
		now++
	}
	to == "RUNNING" && ev == "move" {
		if (running && running != id)
			print id " beside " running ": line " NR
		running = id
	}
	id == running && to != "RUNNING" { running = "" }
	END { if (running) print running " runs for ever" }
	' "$root/agents/$1/journal.jsonl"
}
for agent in "${agents[@]}"; do
	check "$agent's journal: one end each, one at a time" \
		prints '' ends_told "$agent" "$scratch/told-$agent"
done
check 'the journals tell of each result, and of no other' \
	cmp disposed <(sort told-*)

check 'fsck finds nothing while it rests' prints '' spoolhand -q fsck
check 'all ends when told' spoolhand -q down
check 'the orchestrator, too' waits 0 "$gm_pid"
check 'fsck finds nothing after the end' prints '' spoolhand -q fsck
check 'no process is left' until_true 5 lib_none_left
done_testing
