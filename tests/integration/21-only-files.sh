#!/bin/bash
# Files are the only channel: who submits, who works and who looks opens no
# socket, shares no memory and holds no lock with anybody; nor do two agents of
# which one waits for the other.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent
command -v strace >/dev/null || skip_all 'strace is not installed'
strace -o /dev/null true 2>/dev/null || skip_all 'nothing can be traced here'
# The leak check traces, too, and there can be only one who does.
[ -z "${SPOOLHAND_SANITIZED-}" ] ||
	export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"
# Other languages are read by way of a shared map of the system's own.
export LC_ALL=C

make_spool <<'END'
agents:
  pm: {shell: tee "$TASK_OUT/plan"}
  dev: {shell: cat "$TASK_IN/plan"}
END

traced() {
	strace -f -qq -y -s 1000 -o "$scratch/trace-$1" "${@:2}"
}

# What talks to others in another way than by files, in any trace.  The spool
# itself may lie in memory.
channels() {
	sed -nE 's,'"$lib_base"',,g
		/^[0-9]+ +(socket|socketpair|connect|bind|listen|accept4?)\(/p
		/^[0-9]+ +(sendto|sendmsg|recvfrom|recvmsg)\(/p
		/^[0-9]+ +(shmget|shmat|semget|msgget|mq_open)\(/p
		/^[0-9]+ +(process_vm_readv|process_vm_writev|pidfd_getfd)\(/p
		/^[0-9]+ +mknod(at)?\(/p
		/^[0-9]+ +mmap\(.*MAP_SHARED/p
		/"\/dev\/(shm|mqueue)\/./p
	' "$scratch/trace-$1"
}

# Locks of any kind, but those that an agent takes on its own desk: the desk,
# and the attempt; and that of submitters who give an id, among themselves.
# To look whether somebody holds one is none.
locks() {
	grep -E '^[0-9]+ +(flock\(|fcntl\(.*, F_(OFD_)?SETLKW?,|semop|futex_waitv)' \
		"$scratch/trace-$1" |
		grep -vE "/agents/($1/(lock|work/[a-z]+/alive)|pm/inbox/\.lock)>, F_OFD_SETLK,"
}

# Would it be seen?  Whoever asks for a user asks nscd, by a socket.
if traced control getent passwd root >/dev/null 2>&1 &&
	grep -q nscd trace-control; then
	check_not 'a socket is seen where there is one' \
		prints '' channels control
else
	diag 'nothing is at hand here that opens a socket'
fi

check 'tasks are submitted' traced submit \
	spoolhand submit pm --id one --body one
check 'with a file, too' traced file \
	sh -c 'echo two >two.md && spoolhand submit pm two.md --id two'

traced pm spoolhand-agent --root "$root" pm >pm.log 2>&1 &
pm=$!
traced dev spoolhand-agent --root "$root" dev >dev.log 2>&1 &
dev=$!
check 'an agent runs' until_true 30 desk_held pm
check 'and another' until_true 30 desk_held dev
check 'a task needs what the other one makes' \
	spoolhand submit dev --id three --input pm/last/plan --body x
check 'it waits' until_true "$soon" holds dev pending three
spoolhand submit pm --id last --body 'the plan' >/dev/null
for id in one two last; do
	check "$id is done" comes pm "$id" COMPLETED
done
check 'three is done' comes dev three COMPLETED
check 'with what it needs' prints 'the plan' spoolhand result dev/three
check 'one is looked at' traced status spoolhand status --json pm/one
check 'all are looked at' traced list spoolhand status --json
check 'one is waited for' traced wait spoolhand -q wait pm/two
check 'one is read' traced result spoolhand result pm/two
kill "$(desk_pid pm)" "$(desk_pid dev)"
check 'an agent ends' waits 0 "$pm"
check 'and the other' waits 0 "$dev"

for what in submit file pm dev status list wait result; do
	check "$what: was traced" grep -q ' execve("' "trace-$what"
	check "$what: nothing but files" prints '' channels "$what"
	check_not "$what: no lock but its own" locks "$what"
done
check 'the agents have run their workers in sight' \
	prints $'trace-pm:3\ntrace-dev:1' \
	grep -c 'execve("/bin/sh"' trace-pm trace-dev
check 'and have locked their desks in sight' \
	prints $'trace-pm:1\ntrace-dev:1' \
	grep -c 'agents/[a-z]*/lock>, F_OFD_SETLK,' trace-pm trace-dev
check 'agents know nothing of the lock of submitters' \
	prints $'trace-submit:1\ntrace-file:1\ntrace-pm:0\ntrace-dev:0' \
	grep -c 'inbox/\.lock>, F_OFD_SETLK,' trace-submit trace-file trace-pm trace-dev
done_testing
