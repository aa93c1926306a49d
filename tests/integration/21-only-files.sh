#!/bin/bash
# Files are the only channel: who submits, who works and who looks opens no
# socket and shares no memory with anybody.
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
  pm: {shell: cat}
END

traced() {
	strace -f -qq -o "$scratch/trace-$1" "${@:2}"
}

# What talks to others in another way than by files, in any trace.
channels() {
	sed -nE '
		/^[0-9]+ +(socket|socketpair|connect|bind|listen|accept4?)\(/p
		/^[0-9]+ +(sendto|sendmsg|recvfrom|recvmsg)\(/p
		/^[0-9]+ +(shmget|shmat|semget|msgget|mq_open)\(/p
		/^[0-9]+ +(process_vm_readv|process_vm_writev|pidfd_getfd)\(/p
		/^[0-9]+ +mknod(at)?\(/p
		/^[0-9]+ +mmap\(.*MAP_SHARED/p
		/"\/dev\/(shm|mqueue)/p
	' "$scratch/trace-$1"
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

traced agent spoolhand-agent --root "$root" pm >agent.log 2>&1 &
tracer=$!
check 'the agent runs' until_true 30 desk_held pm
for id in one two; do
	check "$id is done" comes pm "$id" COMPLETED
done
check 'one is looked at' traced status spoolhand status --json pm/one
check 'all are looked at' traced list spoolhand status --json
check 'one is waited for' traced wait spoolhand -q wait pm/two
check 'one is read' traced result spoolhand result pm/two
kill "$(desk_pid pm)"
check 'the agent ends' waits 0 "$tracer"

for what in submit file agent status list wait result; do
	check "$what: was traced" grep -q ' execve("' "trace-$what"
	check "$what: nothing but files" prints '' channels "$what"
done
check 'the agent has run its workers in sight' test \
	"$(grep -c 'execve("/bin/sh"' trace-agent)" -eq 2
done_testing
