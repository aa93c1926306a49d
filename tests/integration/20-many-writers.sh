#!/bin/bash
# Ten thousand files from twenty writers at once, more than the kernel can
# tell of: none is lost, each is run once, in the order of its admission.
#
# SPOOLHAND_FILES sets how many.
# shellcheck source-path=SCRIPTDIR

# Nothing here is about disks, and others may be busy with theirs.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
	export TMPDIR=/dev/shm
fi
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent tests/dropper

files=${SPOOLHAND_FILES:-10000}
[ -z "${SPOOLHAND_SANITIZED-}" ] || files=${SPOOLHAND_FILES:-2000}
writers=20
limit=$(cat /proc/sys/fs/inotify/max_queued_events)
[ "$limit" -le 100000 ] ||
	skip_all "too many events to overflow a queue of $limit"

# No promise is given here that a power cut could break.  Nothing is looked
# at again in this test but for a reason.
spool() {
	make_spool <<-END
		durability: process
		rescan: 1h
		watch: $1
		agents:
		  w: {shell: 'echo "\$TASK_ID" >>"\$ORDER"'}
	END
}
export ORDER=$scratch/order

# drops EVENTS - at least so many events.
drops() {
	rm -rf away && mkdir away || return
	dropper "$root/agents/w/inbox" away "$files" "$writers" "$1" |
		tee dropped
}

# It takes a while: there is no use in a look at every change.
mkdir "$lib_base/still"
ran() {
	[ ! -e "$ORDER" ] || wc -l <"$ORDER"
}
all_done() {
	local before=-1 now

	until now=$(ran) && [ "${now:-0}" -ge "$files" ]; do
		[ "${now:-0}" -gt "$before" ] ||
			{ echo "stuck at $now of $files"; return 1; }
		before=${now:-0}
		for _ in {1..100}; do
			waitfor "$lib_base/still" 100
			[ "$(ran)" = "$now" ] || break
		done
	done
	until_true "$soon" at_rest w && has w outbox "$files"
}

all_ids() {
	local w n

	for ((w = 1; w <= writers; w++)); do
		for ((n = 1; n <= files / writers; n++)); do
			echo "w$w-$n"
		done
	done
}
all_ids | sort >expected

admitted() {
	sed -nE 's/.*"ev":"admit","id":"([^"]*)".*/\1/p' \
		"$root/agents/w/journal.jsonl"
}

judge() {
	check "$1: all is done" all_done
	check "$1: nothing failed" has w failed 0
	check "$1: nothing was rejected" has w rejected 0
	check "$1: what ran is what was dropped, once" \
		cmp expected <(sort "$ORDER")
	check "$1: in the order of admission" cmp "$ORDER" <(admitted)
	check "$1: the numbers are in that order" sort -n -c <(sed -nE \
		's/.*"ev":"admit".*"seq":([0-9]+).*/\1/p' \
		"$root/agents/w/journal.jsonl")
	check "$1: each came whole" prints "$files" sh -c \
		"cat '$root'/agents/w/outbox/*/task |
			grep -cx 'file [0-9]* of writer [0-9]*'"
}

finish() {
	kill "$agent_pid"
	check "$1: the agent ends" waits 0 "$agent_pid"
	rm -rf "$root" "$ORDER"
}

spool inotify
start_agent w
kill -STOP "$agent_pid"
check "$files files from $writers writers" drops $((limit * 5 / 4))
diag "$(cat dropped), of a queue of $limit"
check 'its queue of events has overflown' grep -q 'overflow [1-9]' dropped
check 'the agent has seen nothing yet' has w outbox 0
kill -CONT "$agent_pid"
judge inotify
finish inotify

# It looks by itself, while they write.
spool poll
start_agent w
check 'again, without events' drops 0
judge poll
finish poll
done_testing
