#!/bin/bash
# Whatever a worker leaves behind dies with its attempt: double forks, sessions
# of their own, the deaf, the stopped, and those that fork without end; and no
# other attempt begins before.  By a cgroup where there is one, and without.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent spoolhand-gm tests/runaway

# Held as long as anything lives that an attempt has started.
mutex=$scratch/mutex

# Attempt 2 of a task finds out whether anything is left of attempt 1.
cat >work.sh <<'END'
echo "$TASK_ID $TASK_ATTEMPT" >>"$SPOOLHAND_TEST/ran"
[ "$TASK_ATTEMPT" -gt 1 ] && exec flock -n "$SPOOLHAND_TEST/mutex" echo alone
read -r words
exec runaway "$SPOOLHAND_TEST/mutex" $words
END

use() {
	make_spool <<-END
		containment: $1
		durability: process
		defaults:
		  shell: exec bash "\$SPOOLHAND_TEST/work.sh"
		  grace: 100ms
		  retry: {base: 10ms, crashes: 1000}
		agents:
		  w: {}
		  late: {timeout: 500ms}
	END
}

# free - nothing holds it; asked once, for what is dead is dead.
free() {
	flock -n "$mutex" true
}

began() {
	until_true "$soon" test -e "$mutex.ready" && rm "$mutex.ready"
}

contained() {
	spoolhand status "$1" --json | grep -F "\"containment\":$2"
}

drop() {
	spoolhand -q submit "$1" --id "$2" --body "$3" >/dev/null
}

stops() {
	kill "$agent_pid" && until_true "$soon" ended "$agent_pid" &&
		waits 0 "$agent_pid"
}

killed() {
	kill -9 "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	return 0
}

# --- those that have nothing to do with it -------------------------------------

# The same program; the same words in its environment, but of another spool; a
# process that holds nothing of ours, under a name like a worker's.
start runaway "$scratch/other-mutex" stay
innocents=$start_pid
start env SPOOLHAND_ROOT="$root-2" TASK_REF=w/crash TASK_ID=crash \
	bash -c 'exec -a runaway sleep 1000'
innocents+=" $start_pid"
start env SPOOLHAND_ROOT="$root" TASK_REF=w/crashed bash -c 'exec sleep 1000'
innocents+=" $start_pid"

unharmed() {
	local pid

	for pid in $innocents; do
		lib_lives "$pid" || { echo "$pid is dead"; return 1; }
	done
}

# --- the ends of an attempt, by either way -------------------------------------

all_ways() {
	local how=$1

	drop w "cancel-$how" 'stay still stopped runner'
	check "$how: all of them run" began
	check_not "$how: and can be seen to" free
	spoolhand -q cancel "w/cancel-$how"
	check "$how: one is cancelled" comes w "cancel-$how" FAILED cancelled
	check "$how: nothing is left of it" free

	drop w "end-$how" 'end still stopped runner'
	check "$how: one leaves others behind" comes w "end-$how" COMPLETED
	check "$how: nothing is left of them" free
	check "$how: they were there" began

	drop w "second-$how" 'stay runner runner runner'
	check "$how: three at once" began
	spoolhand -q cancel "w/second-$how"
	check "$how: are cancelled" comes w "second-$how" FAILED cancelled
	check "$how: and gone" free
	stops

	start_agent late
	drop late "late-$how" 'stay still stopped runner'
	check "$how: one takes too long" comes late "late-$how" FAILED timeout
	check "$how: nothing is left of that" free
	check "$how: it had begun" began
	stops
}

# The agent dies; the next one, of another session, ends what it has left.
crash() {
	local how=$1 kinds=$2

	drop w "crash-$how" "stay $kinds"
	check "$how: one runs" began
	killed
	check_not "$how: it outlives its agent" free
	"${@:3}"
	setsid -f spoolhand-agent --root "$root" w </dev/null \
		>>"$scratch/agent-w.log" 2>&1
	check "$how: it is run again, alone" comes w "crash-$how" COMPLETED
	check "$how: in its second attempt" prints "crash-$how 2" tail -n 1 ran
	agent_pid=$(desk_pid w)
	kill "$agent_pid"
	check "$how: the agent ends" until_true "$soon" ended "$agent_pid"
}

nothing() {
	:
}

use session
start_agent w
check 'session: status says so' contained w '"session"'
check 'for people, too' sh -c 'spoolhand status w | grep "held by its session"'
check 'and the log' grep 'containment=session: containment: session' \
	agent-w.log
all_ways session
start_agent w
crash session 'marked marked'
check 'down, it is held by nothing' contained w null

use auto
start_agent w
check 'status says what holds it' contained w '"'
if contained w '"cgroup"' >/dev/null; then
	check 'for people, too' \
		sh -c 'spoolhand status w | grep "held by its cgroup"'
	note=$(cat "$root/agents/w/cgroup")
	check 'the log says where' grep -F "containment=cgroup path=$note" \
		agent-w.log
	check 'its cgroup is there' test -d "$note"
	all_ways cgroup
	check_not 'it goes with the agent' test -e "$note"
	check_not 'and so does the note' test -e "$root/agents/w/cgroup"

	start_agent w
	check 'the next one has the same' \
		prints "$note" cat "$root/agents/w/cgroup"
	crash cgroup 'still stopped runner marked'
	start_agent w
	crash cgroup-2 'still runner' nothing
	check_not 'that is gone in the end' test -e "$note"

	# Whatever the worker makes of the note, or of who it says it is.
	forge() {
		dirname "$note" >"$root/agents/w/cgroup"
		echo "${innocents%% *} 1 $(cat /proc/sys/kernel/random/boot_id)" \
			>"$root/agents/w/work/crash-forged/alive"
	}
	start_agent w
	crash forged 'marked' forge
	check 'that was told' grep 'names no cgroup of this desk' agent-w.log

	# An agent that cannot have one, and one that has to.
	mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	cat >apart.sh <<-'END'
		mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" &&
			exec "${@:2}"
	END
	apart() {
		unshare -m bash apart.sh "$mount" "$@"
	}
	if apart true 2>/dev/null; then
		start unshare -m bash apart.sh "$mount" \
			spoolhand-agent --root "$root" w
		agent_pid=$start_pid
		check 'where it is read-only' until_true "$soon" desk_held w
		check 'it does without' contained w '"session"'
		stops
		use cgroup
		check 'unless it may not' exits 78 \
			apart spoolhand-agent --root "$root" w
		check 'which is said' said "with 'containment: cgroup'"
	fi
	use cgroup
	start_agent w
	check 'one that has to, and can' contained w '"cgroup"'
	stops

	# --- started by an orchestrator, which is outside ----------------------
	use auto
	start_gm
	check 'the orchestrator starts one' until_true "$soon" desk_held w
	check 'and the other' until_true "$soon" desk_held late
	under_gm() {
		[ "$(cat "$root/agents/w/cgroup" 2>&1)" = "$note" ]
	}
	check 'where they were before' until_true "$soon" under_gm
	drop w gm-1 'stay still runner'
	check 'a task runs' began
	kill -9 "$gm_pid"
	wait "$gm_pid" 2>/dev/null
	start_gm
	check 'of another orchestrator it is adopted' grep -F 'agent=w adopted' "$gm_log"
	kill -9 "$(desk_pid w)"
	check 'its agent is killed; the task is run again, alone' \
		comes w gm-1 COMPLETED
	check 'in the same cgroup' until_true "$soon" under_gm
	drop w gm-2 'stay still runner'
	check 'another one' began
	spoolhand -q cancel w/gm-2
	check 'is cancelled' comes w gm-2 FAILED cancelled
	check 'nothing of it is left' free
	check 'the orchestrator is' lib_lives "$gm_pid"
	check 'and so is the other agent' desk_held late
	kill "$gm_pid"
	check 'it stops' until_true "$soon" ended "$gm_pid"
	check_not 'no cgroup is left' test -e "$note"
else
	diag "no cgroup can be had here: $(grep containment=session agent-w.log)"
	stops
fi

check_not 'no attempt met another' test -e "$mutex.overlap"
check 'who had nothing to do with it lives' unharmed
done_testing
