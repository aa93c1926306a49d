#!/bin/bash
# A stream worker: one process for many tasks, with the states and results of
# one that is started for each; and what happens when it dies, hangs or lies.
# The body of a task is what the worker does, in Python.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

cat >warm.py <<'END'
import json, os, signal, subprocess, sys, time

test = os.environ["SPOOLHAND_TEST"]
name = os.environ["SPOOLHAND_STREAM"]

def say(**what):
    print(json.dumps(what), flush=True)

def note(file, text):
    with open(os.path.join(test, file), "a") as f:
        f.write(text + "\n")

note("pids-" + name, str(os.getpid()))
for line in sys.stdin:
    task = json.loads(line)["task"]
    status = 0
    note("given-" + name, task["id"] + " " + str(task["attempt"]))
    try:
        if "body" in task:
            exec(task["body"])
        else:
            with open(task["body_file"], "rb") as f:
                f.seek(task["body_at"])
                say(output="bytes: %d\n" % len(f.read()))
    except SystemExit as end:
        status = end.code
    say(done=task["id"], exit=status)
note("eof-" + name, str(os.getpid()))
END

cat >once.sh <<'END'
read -r task
id=$(sed -E 's/.*"task":\{"id":"([^"]*)".*/\1/' <<<"$task")
printf '{"output":"only\\n"}\n{"done":"%s","exit":0}\n' "$id"
exit 7
END
cat >hung.sh <<'END'
trap '' TERM
echo $$ >>"$SPOOLHAND_TEST/pids-hung"
while :; do
	read -r task || sleep 1000
done
END
cat >deaf.sh <<'END'
echo $$ >>"$SPOOLHAND_TEST/pids-deaf"
exec sleep 1000 <&-
END
cat >shy.sh <<'END'
echo $$ >>"$SPOOLHAND_TEST/pids-shy"
until_given() {
	until [ -n "$(ls "$SPOOLHAND_ROOT/agents/shy/running")" ]; do
		waitfor "$SPOOLHAND_ROOT/agents/shy" 20
	done
}
until_given
exec sleep 1000 <&-
END
cat >mute.sh <<'END'
echo $$ >>"$SPOOLHAND_TEST/pids-mute"
exec sleep 1000 >&-
END
make_spool <<END
durability: process
defaults:
  mode: stream
  grace: 300ms
  command: [python3, $scratch/warm.py]
  retry: {base: 10ms}
agents:
  w: {}
  strict: {verify: [sh, -c, '( ( setsid sleep 1000 & ) & ); echo verifying; test -s out/good']}
  slow: {}
  liar: {retry: {crashes: 0}}
  hung: {command: [bash, $scratch/hung.sh]}
  none: {command: [no-such-program]}
  falls: {shell: 'echo falling >&2; exit 3'}
  once: {command: [bash, $scratch/once.sh]}
  deaf: {command: [bash, $scratch/deaf.sh]}
  shy: {command: [bash, $scratch/shy.sh]}
  mute: {command: [bash, $scratch/mute.sh]}
END
desk=$root/agents/w

# task ID [HEADER [AGENT]] - drops a task of this header, its work on stdin.
task() {
	{
		printf -- '---\nid: %s\n%b\n---\n' "$1" "${2-}"
		cat
	} | put "${3-w}" "$1.md"
}
pids() {
	[ ! -e "pids-$1" ] || wc -l <"pids-$1"
}
message() {
	fact "${3-w}" "$1" message | grep -E -- "$2"
}
attempts() {
	prints "$2" fact "${3-w}" "$1" attempts
}
agent_says() {
	grep -qE -- "$2" "$scratch/agent-$1.log"
}

# --- as any worker ---------------------------------------------------------------

start_agent w
w_pid=$agent_pid
check 'the worker is there before there is a task' \
	until_true "$soon" test -s pids-w
task fine 'title: A "title"' <<'END'
say(output="out\n")
print("err", file=sys.stderr, flush=True)
with open(task["out"] + "/a.txt", "w") as f:
    print("art", task["title"], file=f)
say(output="more: \u00e4\n")
END
check 'a task is done' comes w fine COMPLETED
check 'what it has put out is standard output' \
	prints $'out\nmore: ä' cat "$desk/outbox/fine/stdout"
check 'standard error is kept' prints err cat "$desk/outbox/fine/stderr"
check 'so is the artifact' prints 'art A "title"' \
	cat "$desk/outbox/fine/out/a.txt"
check 'its status is told' prints 0 fact w fine exit

task told <<'END'
for key in ("id", "ref", "agent", "attempt"):
    say(output="%s=%s\n" % (key, task[key]))
with open(task["body_file"]) as f:
    f.seek(task["body_at"])
    say(output="body %s\n" % (f.read() == task["body"]))
for key, var in (("in", "TASK_IN"), ("out", "TASK_OUT"), ("work", "TASK_WORK"),
                 ("file", "TASK_FILE"), ("trace", "TRACEPARENT")):
    assert task["env"][var] == task[key], key
assert os.path.isdir(task["in"]) and os.path.isdir(task["out"])
assert task["env"]["SPOOLHAND_ROOT"] == os.environ["SPOOLHAND_ROOT"]
END
check 'it is told all of it' comes w told COMPLETED
check 'as it is' prints 'id=told ref=w/told agent=w attempt=1 body True' \
	paste -sd' ' "$desk/outbox/told/stdout"

for status in 64 65 77 78 100; do
	task "final-$status" <<<"sys.exit($status)"
done
for status in 64 65 77 78 100; do
	check "status $status fails for good" \
		comes w "final-$status" FAILED permanent
	check 'and is told' prints "$status" fact w "final-$status" exit
done
task other <<<'sys.exit(3)'
check 'another status fails' comes w other FAILED exit
task later <<<'if task["attempt"] < 3: sys.exit(75)'
check 'status 75 is run later' comes w later COMPLETED
check 'as often as need be' attempts later 3
task twice 'retries: 1' <<'END'
say(output="attempt %d\n" % task["attempt"])
open(task["out"] + "/of-%d" % task["attempt"], "w")
sys.exit(0 if task["attempt"] == 2 else 1)
END
check 'a second attempt' comes w twice COMPLETED
check 'has output of its own' prints 'attempt 2' \
	cat "$desk/outbox/twice/stdout"
check 'and artifacts of its own' prints of-2 ls "$desk/outbox/twice/out"
task durable <<'END'
env = dict(os.environ, **task["env"])
slept = subprocess.run(["spoolhand", "sleep", "100ms"], env=env)
sys.exit(slept.returncode)
END
check 'a task that sleeps' comes w durable COMPLETED
check 'is BLOCKED meanwhile' journaled w \
	'"id":"durable".*"to":"BLOCKED","reason":"sleep"'
check 'and goes on in a second attempt' attempts durable 2
task missing 'outputs: [report]' <<<'pass'
check 'a declared output has to be there' comes w missing FAILED no_output
printf '{"id":"json","body":"say(output=\\"from JSON\\\\n\\")\\n"}' |
	put w json.task.json
check 'a task in JSON' comes w json COMPLETED
check 'is told as any other' prints 'from JSON' cat "$desk/outbox/json/stdout"
printf '\xff\xfe and more\n' | put w binary.md
check 'a body that is no text is told, but for itself' \
	comes w binary COMPLETED
check 'and read from its file' prints 'bytes: 12' \
	cat "$desk/outbox/binary/stdout"

{
	echo 'assert "body" in task'
	head -c 60000 /dev/zero | tr '\0' '#'
} | put w long.md
check 'a long body is told' comes w long COMPLETED
head -c 200000 /dev/zero | tr '\0' '#' | put w longer.md
check 'a longer one is in its file' comes w longer COMPLETED
check 'whole' prints 'bytes: 200000' cat "$desk/outbox/longer/stdout"

# --- one for many ------------------------------------------------------------------

before=$(pids w)
for ((i = 1; i <= 100; i++)); do
	task "many-$i" <<<"say(output=str(os.getpid()) + '\n')"
done
check 'a hundred tasks' until_true "$soon" sh -c \
	'[ "$(ls -d "$1"/many-* | wc -l)" -eq 100 ]' - "$desk/outbox"
check 'are done' until_true "$soon" at_rest w
check 'by one process' prints 1 sh -c \
	'cat "$1"/many-*/stdout | sort -u | wc -l' - "$desk/outbox"
check 'which is still the same' prints "$before" pids w

mkfifo gate
task claims <<'END'
say(progress=99, message="nearly")
say(progress=3, stage="again")
open(test + "/gate").read()
END
shown() {
	sed -nE 's/.*"phase":"([a-z]*)","percent":([0-9]+),.*/\1 \2/p' \
		"$desk/work/claims/progress.json"
}
check 'its own 99 is shown as 89' until_true "$soon" prints 'working 89' shown
check 'with what it says' until_true "$soon" grep -q \
	'"stage":"again","message":"nearly"' "$desk/work/claims/progress.json"
check 'while it is RUNNING' holds w running claims
timeout "$soon" sh -c 'echo go >gate'
check 'it is done' comes w claims COMPLETED

# --- what it says that makes no sense ----------------------------------------------

before=$(pids w)
task babbles <<'END'
print("Loading weights… 100%\n\n[]\n17\n{\"progress\":\n\x00", flush=True)
say(unknown=1)
END
check 'what is not of the protocol is ignored' comes w babbles COMPLETED
check 'and counted' agent_says w 'task=babbles said [0-9]+ lines that are no part'
check 'the worker may stay' prints "$before" pids w

# liar ID TEXT MESSAGE - it has to be another worker after that.
liar() {
	local before
	before=$(pids liar)
	task "$1" '' liar <<<"$2"
	check "$1: the attempt has crashed" comes liar "$1" FAILED crashed
	check 'it is told why' message "$1" "$3" liar
	task "after-$1" '' liar <<<'pass'
	check 'the next one is done' comes liar "after-$1" COMPLETED
	check 'by another worker' prints $((before + 1)) pids liar
}
start_agent liar
check 'a worker' until_true "$soon" prints 1 pids liar
liar wrong-id 'say(done="somebody", exit=0)' 'another task'
liar no-exit 'say(done=task["id"])' 'without an'
liar bad-exit 'say(done=task["id"], exit=256)' 'without an'
liar bad-output 'say(output=17)' 'is not a string'
liar open-file 'kept = open(task["out"] + "/file", "w")' \
	"'out/file' was still open"
liar left-open 'subprocess.Popen(["setsid", "sleep", "1000"],
	stdout=open(task["work"] + "/stdout", "a"))' "'stdout' was still open"
liar long-line 'say(output="x" * 2000000)' 'too long'
before=$(pids liar)
task double '' liar <<<'say(done=task["id"], exit=0)'
check 'one that answers twice has done its task' comes liar double COMPLETED
check 'but is replaced' until_true "$soon" prints $((before + 1)) pids liar
check 'and that is told' agent_says liar 'answered a task that it did not have'

# --- death, and its pause ----------------------------------------------------------

before=$(pids w)
kill -9 "$(tail -n 1 pids-w)"
check 'killed while idle it is started again' \
	until_true "$soon" prints $((before + 1)) pids w
task next <<<'pass'
check 'and works' comes w next COMPLETED

start_agent slow
check 'a worker' until_true "$soon" test -s pids-slow
task cut '' slow <<'END'
if task["attempt"] == 1:
    subprocess.Popen(["setsid", "sleep", "1000"])
    note("began", "x")
    time.sleep(1000)
say(output="by %d\n" % os.getpid())
END
check 'that works' until_true "$soon" test -s began
first=$(tail -n 1 pids-slow)
kill -9 "$first"
check 'is killed, and another one does the task' comes slow cut COMPLETED
check 'in a second attempt' attempts cut 2 slow
check_not 'by another process' grep -qx "by $first" \
	"$root/agents/slow/outbox/cut/stdout"
check 'the first has crashed' journaled slow \
	'"to":"BLOCKED","reason":"crashed","why":"its worker died under it'
check 'nothing of it is left' prints 1 sh -c \
	'wc -w </proc/$1/task/$1/children' - "$(desk_pid slow)"

start_agent none
check 'a program that is not there' until_true "$soon" agent_says none \
	'has no worker, 2 times'
task waits '' none <<<''
check 'keeps tasks READY' until_true "$soon" holds none ready waits
check 'and why says what is the matter' until_true "$soon" \
	bash -c 'spoolhand why none/waits | grep -E "no-such-program.*next start"'
check 'status, too' until_true "$soon" \
	bash -c 'spoolhand status none | grep -E "worker died.*no-such-program"'
touch "$root/agents/none/requests/cancel.waits"
check 'one can be cancelled' comes none waits WITHDRAWN cancelled

start_agent falls
check 'one that dies in its start' until_true "$soon" agent_says falls \
	'has no worker, 3 times.*status 3.*next start in'
check 'says so in the log' agent_says falls 'its worker says: falling'
task fallen '' falls <<<''
check 'nothing is begun meanwhile' until_true "$soon" holds falls ready fallen
check 'and why says how it died' until_true "$soon" bash -c \
	'spoolhand why falls/fallen | grep -E "worker died [0-9]+ times.*status 3"'

start_agent once
task one '' once <<<''
task two '' once <<<''
check 'one that answers and ends' comes once one COMPLETED
check 'each time' comes once two COMPLETED
check 'has answered' prints only cat "$root/agents/once/outbox/two/stdout"

# --- hung ----------------------------------------------------------------------------

start_agent hung
hung_pid=$agent_pid
task stuck 'timeout: 300ms' hung <<<''
check 'a hung one is ended by the timeout' comes hung stuck FAILED timeout
check 'it is told' message stuck 'longer than its timeout' hung
check 'by SIGKILL if need be' prints 9 fact hung stuck signal
check 'and another is started' until_true "$soon" prints 2 pids hung
task stopped '' slow <<<'os.kill(os.getpid(), signal.SIGSTOP)'
check 'one that stands still' until_true "$soon" holds slow running stopped
until_true "$soon" grep -q stopped given-slow >/dev/null
kill -9 "$(desk_pid slow)"
check 'does not outlive its agent' until_true "$soon" ended \
	"$(tail -n 1 pids-slow)"
touch "$root/agents/slow/requests/cancel.stopped"

start_agent deaf
task unheard '' deaf <<<''
check 'one that does not listen is ended, again and again' \
	until_true "$soon" bash -c '[ "$(wc -l <pids-deaf)" -ge 2 ]'
start_agent shy
task unread 'retries: 0' shy <<<''
check 'so is one that stops listening with its task unread' \
	until_true "$soon" bash -c '[ "$(wc -l <pids-shy)" -ge 2 ]'
check 'which is told' until_true "$soon" agent_says shy 'has not read its task'
start_agent mute
check 'so is one that cannot speak' \
	until_true "$soon" bash -c '[ "$(wc -l <pids-mute)" -ge 2 ]'

# --- cancel --------------------------------------------------------------------------

before=$(pids w)
task cancelled <<<'note("cancel-me", "x"); time.sleep(1000)'
check 'one is running' until_true "$soon" test -s cancel-me
touch "$desk/requests/cancel.cancelled"
check 'it is cancelled' comes w cancelled FAILED cancelled
task after-cancel <<<'pass'
check 'it is told' message cancelled 'it was cancelled'
check 'the next one is done by another worker' comes w after-cancel COMPLETED
check 'a new one' prints $((before + 1)) pids w
check_not 'which is no crash' journaled w '"id":"cancelled".*crashed'

# --- verify --------------------------------------------------------------------------

start_agent strict
for i in 1 2 3; do
	task "good-$i" '' strict \
		<<<'say(output="worked\n"); open(task["out"] + "/good", "w").write("x")'
done
for i in 1 2 3; do
	check 'verified' comes strict "good-$i" COMPLETED
	check 'with the output of both' prints 'worked verifying' \
		paste -sd' ' "$root/agents/strict/outbox/good-$i/stdout"
done
task bad '' strict <<<'pass'
check 'refused' comes strict bad FAILED verify
check 'all of that with one worker' prints 1 pids strict
check 'what verify left is dead' until_true "$soon" prints 1 sh -c \
	'wc -w </proc/$1/task/$1/children' - "$(desk_pid strict)"

# --- the end -------------------------------------------------------------------------

task draining <<<'note("drain", "x"); open(test + "/gate").read()'
check 'a task runs' until_true "$soon" test -s drain
kill "$w_pid"
timeout "$soon" sh -c 'echo go >gate'
check 'told to stop, the agent lets it end' waits 0 "$w_pid"
check 'it was done' comes w draining COMPLETED
check 'its worker was told by end of file' \
	grep -qx "$(tail -n 1 pids-w)" eof-w

start_agent w
before=$(pids w)
task left <<'END'
if task["attempt"] == 1:
    child = subprocess.Popen(["setsid", "sleep", "1000"], close_fds=True)
    note("left", str(os.getpid()))
    note("left", str(child.pid))
    time.sleep(1000)
for pid in open(test + "/left"):
    try:
        with open("/proc/%s/stat" % pid.strip()) as f:
            say(output=f.read().rsplit(")", 1)[1].split()[0] + "\n")
    except FileNotFoundError:
        say(output="gone\n")
END
left_both() {
	[ "$(wc -l <left)" -eq 2 ]
}
check 'a task runs that has started something' until_true "$soon" left_both
kill -9 "$agent_pid" && wait "$agent_pid" 2>/dev/null
start_agent w
check 'after the death of the agent it is done by another one' \
	comes w left COMPLETED
check 'as a second attempt' attempts left 2
check 'when that began, nothing of the first was left' \
	prints 2 grep -cxE 'gone|Z|X' "$desk/outbox/left/stdout"

# With nothing in running/ its worker must be found all the same.
kill -9 "$agent_pid" && wait "$agent_pid" 2>/dev/null
start_agent w
check 'killed idle' until_true "$soon" ended "$(tail -n 2 pids-w | head -n 1)"
kill "$agent_pid"
check 'it stops' waits 0 "$agent_pid"

# One that does not hear the end of its input, nor SIGTERM.
kill "$hung_pid"
check 'a deaf worker does not keep its agent' waits 0 "$hung_pid"

start_agent slow
check 'its task is cancelled' comes slow stopped WITHDRAWN cancelled
task twice '' slow <<'END'
if task["attempt"] == 1:
    note("twice", "x")
    time.sleep(1000)
END
check 'a task runs' until_true "$soon" test -s twice
kill "$agent_pid"
until_true "$soon" grep -q 'agent=slow stopping' agent-slow.log >/dev/null
kill "$agent_pid"
check 'told twice, the agent stops at once' waits 0 "$agent_pid"
check 'with its worker' ended "$(tail -n 1 pids-slow)"
check 'the task may go on' journaled slow \
	'"id":"twice".*"to":"BLOCKED","reason":"crashed","why":"its agent was told'
start_agent slow
check 'and done after the next start' comes slow twice COMPLETED
kill "$agent_pid" "$agent_pid"
check 'told twice while idle it stops, too' waits 0 "$agent_pid"

# --- killed at random ------------------------------------------------------------

# Each attempt holds one lock, and leaves something that holds it as well.
for ((i = 1; i <= 40; i++)); do
	task "storm-$i" '' w <<'END'
import fcntl
mutex = open(test + "/mutex", "w")
try:
    fcntl.flock(mutex, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("overlap", task["id"])
note("storm", "%s %d" % (task["id"], task["attempt"]))
child = subprocess.Popen(["setsid", "sleep", "1000"], pass_fds=[mutex.fileno()])
time.sleep(0.02)
child.kill()
child.wait()
mutex.close()
END
done
storm() {
	local i

	for ((i = 0; i < 20; i++)); do
		spoolhand-agent --root "$root" w </dev/null \
			>>"$scratch/agent-w.log" 2>&1 &
		agent_pid=$!
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
		kill -9 "$agent_pid" || { echo 'it had ended'; return 1; }
		wait "$agent_pid" 2>/dev/null
	done
	return 0
}
sed -i 's/retry: {base: 10ms}/retry: {base: 10ms, crashes: 1000}/' \
	"$root/spoolhand.yaml"
check '20 kills' storm
start_agent w
check 'in the end all are done' until_true "$soon" at_rest w
check 'each of them' prints 40 \
	sh -c 'ls -d "$1"/storm-* | wc -l' - "$desk/outbox"
check 'no attempt met another, or what it had left' test ! -e overlap
check 'no attempt was made twice' test -z "$(sort storm | uniq -d)"
kill "$agent_pid"
check 'the agent stops' waits 0 "$agent_pid"
check 'with its worker' ended "$(tail -n 1 pids-w)"
done_testing
