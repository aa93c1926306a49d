#!/bin/bash
# Nothing is written again that has not changed.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent spoolhand-gm
command -v python3 >/dev/null || skip_all 'python3 is not installed'

make_spool <<'END'
agents:
  w:
    shell: exec python3 "$REPORTER"
END
desk=$root/agents/w

# --- progress ----------------------------------------------------------------

# Says the same a thousand times, at its own pace, and looks after each time
# whether it was written again; what is new is written.
cat >reporter.py <<'END'
import json, os, subprocess, sys, time

def say(n, message):
    line = {"progress": n, "message": message, "stage": "one"}
    os.write(int(os.environ["TASK_FD"]), (json.dumps(line) + "\n").encode())

def seen():
    try:
        with open("progress.json") as f:
            return os.fstat(f.fileno()).st_ino, json.load(f)
    except FileNotFoundError:
        return 0, {}

def wait_for(message):
    end = time.monotonic() + 60
    while seen()[1].get("message") != message:
        if time.monotonic() > end:
            sys.exit("%s was not written" % message)
        subprocess.run(["waitfor", ".", "20"])

say(50, "half")
wait_for("half")
first, value = seen()
for n in range(1000):
    say(50 if n % 2 else 20, "half")
    time.sleep(0.0005)
    if seen() != (first, value):
        sys.exit("after %d times it is %s, not %s" %
                 (n + 1, seen(), (first, value)))
say(60, "more")
wait_for("more")
if seen()[0] == first:
    sys.exit("a change was written into the same file")
END
export REPORTER=$scratch/reporter.py
start_agent w
spoolhand -q submit w --id reports --body x >/dev/null
check 'a thousand reports of the same leave the file as it was' \
	comes w reports COMPLETED
[ -e "$desk/outbox/reports" ] || diag "$(cat "$desk/failed/reports/stderr")"

# --- requests ----------------------------------------------------------------

facts() {
	stat -c '%n %i %Y %y %z' "$@"
}

check 'a pause' spoolhand -q pause w
check 'it pauses' paused w
pause=$(facts "$desk/requests/pause")
journal=$(facts "$desk/journal.jsonl")
check 'a second pause' spoolhand -q pause w
check 'a third' spoolhand -q pause w
check 'leave it as it was' prints "$pause" facts "$desk/requests/pause"
spoolhand -q sync w
check 'nor are they written down' prints "$journal" facts "$desk/journal.jsonl"
spoolhand -q resume w
check 'it goes on' unpaused w
kill "$agent_pid"
check 'the agent ends' until_true "$soon" ended "$agent_pid"

# --- a desk that is there ----------------------------------------------------

# Folders above what is dropped, and what lies in them that is no task.
folders() {
	facts "$root" "$root/format" "$root/spoolhand.yaml" "$root/agents" \
		"$desk" "$root/gm"
	stat -c '%n %i' "$desk"/*/
}
quiet_ones() {
	facts "$desk"/{admit,answers,blocked,failed,pending,questions,ready} \
		"$desk"/{rejected,running,saving} "$root/agents" "$root/format"
	stat -c '%n %i' "$desk" "$desk"/*/ "$desk"/{lock,journal.jsonl}
}
start_gm
check 'an orchestrator makes what is missing' desk_held w
spoolhand -q down
check 'and ends' until_true "$soon" ended "$gm_pid"
before=$(folders)
check 'submit' spoolhand -q submit w --id dropped --body x
check 'submit of several' spoolhand -q submit w reporter.py reporter.py
check 'change nothing but the inbox' prints "$before" folders
check 'looking' spoolhand status
check 'and listing' spoolhand ls w
check 'and asking why' spoolhand why w/dropped
check 'and checking' spoolhand fsck
check 'change nothing either' prints "$before" folders
rm "$desk"/inbox/*
before=$(quiet_ones)
start_gm
check 'an orchestrator over all this' until_true "$soon" desk_held w
spoolhand -q down
check 'that ends' until_true "$soon" ended "$gm_pid"
check 'makes nothing again' prints "$before" quiet_ones
done_testing
