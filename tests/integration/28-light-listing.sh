#!/bin/bash
# Looking at a desk opens no task: what is listed is in the names.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent
command -v strace >/dev/null || skip_all 'strace is not installed'
strace -o /dev/null true 2>/dev/null || skip_all 'nothing can be traced here'

waiting=2000
make_spool <<'END'
durability: process
agents:
  w:
    shell: |
      case $TASK_ID in
      later*) exit 75 ;;
      bad*) exit 65 ;;
      good*) head -c 100K /dev/zero | tee "$TASK_OUT/big" ;;
      *) exec sleep 1000 ;;
      esac
    retry: {base: 1h, cap: 1h}
END
desk=$root/agents/w

# They are as long as they should be; that they have holes nobody sees.
mkdir tasks
for ((i = 0; i < waiting; i++)); do
	echo "task $i" >"tasks/t$i.bin"
done
truncate -s 100K tasks/*
start_agent w
for id in later good bad; do
	spoolhand -q submit w --id "$id" --body "$id" >/dev/null
done
check 'one is BLOCKED' until_true "$soon" has w blocked 1
check 'one is done' comes w good COMPLETED
check 'one has failed' comes w bad FAILED permanent
spoolhand -q submit w --id held --body x >/dev/null
check 'one runs' until_true "$soon" has w running 1
spoolhand -q submit w --id pending --after w/held --body x >/dev/null
# It is held, as mv looks at what it has moved if there is more to come.
kill -STOP "$agent_pid"
mv -t "$desk/inbox" tasks/*
kill -CONT "$agent_pid"
check "$waiting are READY" until_true "$soon" has w ready "$waiting"
check 'one is PENDING' until_true "$soon" has w pending 1
kill -9 "$agent_pid"
wait "$agent_pid" 2>/dev/null
echo 'a drop' >"$desk/inbox/dropped.md"

# opened CMD... - runs it, and prints the path of whatever it opened.
opened() {
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		strace -f -qq -y -e trace=open,openat,openat2 -e signal=none \
		-o trace "$@" >output 2>&1 || return
	sed -n 's/.* = [0-9]*<\(.*\)>$/\1/p' trace
}

# What a task is, or has brought: everything but the folder of its kind.
payload="$desk/(inbox|admit|pending|ready|running|saving|blocked)/."
payload="$payload|$desk/(outbox|failed)/[^/]+/(task|out|std)"

# light N ID CMD... - it opens no payload, but the folders, and perhaps the
# one task that it is about; and prints N lines.
light() {
	local lines=$1 but=$2
	shift 2

	opened "$@" >opens || { cat output; return 1; }
	if ! grep -qx "$desk/ready" opens; then
		echo 'it did not even look into ready/'
		return 1
	fi
	if grep -E "$payload" opens | grep -v "\.$but\$"; then
		return 1
	fi
	[ "$(wc -l <output)" -eq "$lines" ] ||
		{ echo "it printed $(wc -l <output) lines"; return 1; }
}
check 'ls' light $((waiting + 4)) none spoolhand ls w
check 'ls --json' light $((waiting + 4)) none spoolhand ls --json w
check 'ls --state ready' light "$waiting" none spoolhand ls --state ready w
check 'ls --state all' light $((waiting + 6)) none spoolhand ls --state all w
# The title of what runs is shown, which is in its header.
check 'status of all' light 1 held spoolhand status --json
check 'status of one' light 1 held spoolhand status --json w
check 'it counts them' grep -F "\"ready\":$waiting," output
check 'status of a task' light 1 t1999 spoolhand status --json w/t1999

# Does this see anything?  One who prints a result must open it.
check_not 'result opens it' light 1 none spoolhand result w/good
check 'that is seen' said 'outbox/good/stdout'
reader='ls ready >/dev/null; cat ready/*.t7'
check_not 'a reader of a task is seen' \
	light 1 none sh -c "cd '$desk'; $reader"
check 'by its name' said .t7
done_testing
