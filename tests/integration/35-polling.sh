#!/bin/bash
# Without events everything works by looking: `watch: poll`.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent spoolhand-gm

# A rescan would find things, too, but not within this test.
make_spool <<'END'
watch: poll
poll: 50ms
rescan: 1h
settle: 200ms
agents:
  a:
    shell: |
      case $TASK_ID in
      held*) echo here >held; exec sleep 1000 ;;
      bad*) test "$TASK_ATTEMPT" -ge 2 || exit 1 ;;
      esac
      cat; cp "$TASK_IN"/* "$TASK_OUT/" 2>/dev/null
      echo "of $TASK_ID" >"$TASK_OUT/$TASK_ID.txt"
    retry: {max: 1, base: 10ms}
    grace: 1s
  b: {shell: 'cat; cat "$TASK_IN"/* 2>/dev/null || :'}
END

# Asan and ptrace do not go together where leaks are looked for.
traced_agent() {
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		strace -f -qq -o "trace.$1" -e signal=none \
		-e trace=/^inotify,openat \
		spoolhand-agent --root "$root" "$1" </dev/null \
		>>"agent-$1.log" 2>&1 &
	until_true "$soon" desk_held "$1"
}

start_both() {
	local name

	for name in a b; do
		if command -v strace >/dev/null; then
			check "agent $name runs, and is traced" \
				traced_agent "$name"
		else
			check "agent $name runs" start_agent "$name"
		fi
	done
}

start_both
check 'it is said loudly' until_true "$soon" \
	grep -E 'polling every 50 ms: watch: poll' "$scratch/agent-a.log"

# --- drops -------------------------------------------------------------------

inbox=$root/agents/a/inbox
for i in moved linked copied; do
	echo "the $i one" >"$i.md"
done
done_with() {
	comes a "$1" COMPLETED &&
		prints "the $1 one" cat "$root/agents/a/outbox/$1/stdout"
}
cp moved.md kept && mv moved.md "$inbox/"
check 'mv' done_with moved
ln linked.md "$inbox/"
check 'ln' done_with linked
cp copied.md "$inbox/"
check 'cp' done_with copied
echo 'the redirected one' >"$inbox/redirected.md"
check '>' done_with redirected
mkdir folder && echo 'the folder one' >folder/task.md && echo x >folder/more
cp -r folder "$inbox/"
check 'cp -r' done_with folder
check 'submit' prints 'the body' spoolhand run a --body 'the body'
spoolhand -q submit a ./*.md --priority low >/dev/null
check 'many at once' spoolhand -q sync --timeout 60s a
printf -- '---\nid: no:id\n---\n' >wrong.md && mv wrong.md "$inbox/"
check 'what is no task comes back' \
	until_true "$soon" test -e "$root/agents/a/rejected/wrong.md.why"

# --- inputs, from desk to desk -----------------------------------------------

spoolhand -q submit b --id second --body 'and so: ' \
	--input a/first/first.txt >/dev/null
spoolhand -q submit b --id third --after b/second --body third >/dev/null
check 'tasks wait for another desk' until_true "$soon" has b pending 2
spoolhand -q submit a --id first --body 'the first one' >/dev/null
check 'the first is done' done_with first
check 'the one that waits for it gets it' comes b second COMPLETED
check 'with the artifact' \
	prints 'and so: of first' cat "$root/agents/b/outbox/second/stdout"
check 'and the one after it' comes b third COMPLETED
spoolhand -q submit a --id bad --body 'the bad one' >/dev/null
check 'a failure is tried again' done_with bad

# --- requests ----------------------------------------------------------------

spoolhand -q submit a --id held --body x >/dev/null
check 'one runs' until_true "$soon" test -e "$root/agents/a/work/held/held"
spoolhand -q submit a --id behind --body x >/dev/null
check 'one is behind it' until_true "$soon" has a ready 1
touch "$root/agents/a/requests/cancel.behind"
check 'cancel' comes a behind WITHDRAWN cancelled
pause a && check 'pause' paused a
spoolhand -q cancel a/held
check 'cancel of the running one' comes a held FAILED cancelled
spoolhand -q submit a --id paused --body 'the paused one' >/dev/null
check 'paused it admits' until_true "$soon" has a ready 1
unpause a
check 'resume' done_with paused
spoolhand -q retry a/behind
again() { [ -e "$root/agents/a/outbox/behind" ]; }
check 'retry' until_true "$soon" again
spoolhand -q submit a --id later --body 'the later one' >/dev/null
check 'wait' spoolhand wait --timeout 60s a/later

# --- an inbox that is replaced -----------------------------------------------

mv "$inbox" "$scratch/old" && mkdir -p "$inbox"
check 'a new inbox is noticed' until_true "$soon" \
	grep -F 'inbox/ was moved or replaced' "$scratch/agent-a.log"
echo 'the new one' >new.md && mv new.md "$inbox/"
check 'and used' done_with new

# --- nothing asked for events ------------------------------------------------

stops() {
	kill "$(desk_pid "$1")" && until_true "$soon" gone "$1"
}
gone() { ! desk_held "$1"; }
check 'agent a ends' stops a
check 'agent b ends' stops b
if command -v strace >/dev/null; then
	wait
	check 'the traces are traces' grep -q openat trace.a trace.b
	check_not 'no inotify call was made' grep inotify trace.a trace.b
else
	diag 'strace is not installed'
fi

# --- and with a GM -----------------------------------------------------------

start_gm
echo 'the last one' >last.md && mv last.md "$inbox/"
check 'agents of the orchestrator poll, too' done_with last
check 'which they say' \
	grep -F 'polling every 50 ms' "$root/agents/a/agent.log"
done_testing
