#!/bin/bash
# An agent that has worked and has nothing to do makes no system call, and is
# small.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent
[ -z "${SPOOLHAND_SANITIZED-}" ] || skip_all 'a sanitizer needs its memory'

tasks=200
make_spool <<'END'
rescan: 1h
agents:
  pm: {command: ["true"]}
END
start_agent pm

drop_all() {
	local i

	for ((i = 1; i <= tasks; i++)); do
		echo "task $i" | put pm "t$i.md" || return
	done
}
all_done() {
	has pm outbox "$tasks" && at_rest pm
}
check "$tasks tasks are dropped" drop_all
check 'and done' until_true "$soon" all_done

asleep() {
	local stat

	read -r stat <"/proc/$agent_pid/stat" && [[ ${stat##*) } == S* ]]
}
# How often it was given the processor, of its own will or not.
switches() {
	awk '/ctxt_switches/ { n += $2 } END { print n }' \
		"/proc/$agent_pid/status"
}
# The time is what is measured here: nothing changes in this folder.
mkdir "$lib_base/still"
three_seconds() {
	waitfor "$lib_base/still" 3000
}

check 'it comes to rest' until_true 10 asleep
before=$(switches)
three_seconds
check 'it is not woken within three seconds' prints "$before" switches

if command -v strace >/dev/null &&
	strace -o /dev/null true 2>/dev/null; then
	# To be attached to may interrupt the wait that it is in, once.
	strace -f -p "$agent_pid" -o trace 2>strace.log &
	tracer=$!
	check 'it is traced' until_true 10 grep -q attached strace.log
	three_seconds
	kill "$tracer"
	wait "$tracer" 2>/dev/null
	check 'it does nothing but wait' prints '' \
		sed -E '/ (epoll_p?wait|restart_syscall)\(/d' trace
	check 'and for one thing alone' test "$(grep -c . trace)" -le 2
	diag "$(cat trace)"
	echo 'one more' | put pm more.md
	check 'and is awake when it has to be' comes pm more COMPLETED
else
	diag 'nothing can be traced here'
fi

resident() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$agent_pid/status"
}
diag "resident: $(resident) KiB"
check 'it has less than 4 MiB' test "$(resident)" -lt 4096
done_testing
