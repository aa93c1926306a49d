#!/bin/bash
# What can be seen is whole, at every instant: a reader looks at every result
# and at every drop all along, while tasks end and submitters are killed.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent
command -v python3 >/dev/null || skip_all 'python3 is not installed'

tasks=500
make_spool <<'END'
durability: process
agents:
  w:
    shell: |
      cat
      mkdir -p "$TASK_OUT/deep/er"
      echo "$TASK_ID" >"$TASK_OUT/id"
      cat "$TASK_FILE" "$TASK_FILE" >"$TASK_OUT/deep/er/twice"
      : >"$TASK_OUT/empty"
  hold: {shell: cat}
END

# Reads OUTBOX as fast as it can until there are N results and each was hashed,
# then once more; says what it has seen.
cat >read_results.py <<'END'
import hashlib, json, os, sys

outbox, want = sys.argv[1], int(sys.argv[2])

def files(top):
    for folder, _, names in os.walk(top):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), top)

def look(name):
    top = outbox + "/" + name
    with open(top + "/result.json", "rb") as f:
        text = f.read()
    result = json.loads(text)
    if result["id"] != name or result["state"] != "COMPLETED":
        raise ValueError("result.json is of another: " + str(result))
    there = set(files(top)) - {"result.json"}
    told = {m["path"] for m in result["manifest"]}
    if there != told:
        raise ValueError("there is %s, told is %s" % (there, told))
    if not {"task", "stdout", "stderr", "out/id", "out/empty",
            "out/deep/er/twice"} <= told:
        raise ValueError("only %s" % told)
    for m in result["manifest"]:
        with open(top + "/" + m["path"], "rb") as f:
            data = f.read()
        if len(data) != m["size"] or \
           hashlib.sha256(data).hexdigest() != m["sha256"]:
            raise ValueError(m["path"] + " is not as the manifest says")
    return hashlib.sha256(text).digest()

seen, looks = {}, 0
rounds_with_more = 0
print("reading", flush=True)
done = False
while True:
    names = os.listdir(outbox)
    fresh = [n for n in names if n not in seen]
    rounds_with_more += bool(fresh)
    # The new ones at once; of the old ones a part in turn, in the end all.
    last = len(names) >= want and not fresh
    for name in fresh + (names if last else names[looks % 29::29]):
        digest = look(name)
        looks += 1
        if seen.setdefault(name, digest) != digest:
            raise ValueError(name + " has changed")
    if set(seen) - set(names):
        raise ValueError("gone: %s" % (set(seen) - set(names)))
    if last:
        break
print(len(seen), "results", looks, "looks,", rounds_with_more,
      "times something new")
if rounds_with_more < 20:
    sys.exit("they were not read while they came")
END

# Reads every drop in INBOX until STOP is there: each that can be seen ends
# with END, has one, and is as it was.
cat >read_drops.py <<'END'
import os, sys

inbox, stop = sys.argv[1:3]
seen, looks = {}, 0
print("reading", flush=True)
while True:
    last = os.path.exists(stop)
    for name in os.listdir(inbox):
        if name.startswith(".") or (name in seen and not last):
            continue
        data = open(inbox + "/" + name, "rb").read()
        looks += 1
        if not data.startswith(b"---\n") or not data.endswith(b"\nEND\n") \
           or data.count(b"BEGIN\n") != 1:
            sys.exit("%s is not whole: %d bytes" % (name, len(data)))
        if seen.setdefault(name, data) != data:
            sys.exit(name + " has changed")
    if last:
        break
print(len(seen), "drops,", looks, "looks")
END

# One submitter after the other, each killed at some moment of its life; some
# live through it.  What was promised is written down.
cat >kill_submitters.py <<'END'
import os, random, signal, subprocess, sys, time

rounds, body = int(sys.argv[1]), sys.argv[2]
random.seed(4)
promised, killed = [], 0
# How long does one take that is left alone?
pace = time.monotonic()
subprocess.run(["spoolhand", "submit", "hold", "--id", "paced", body],
               check=True, stdout=subprocess.DEVNULL)
pace = time.monotonic() - pace
for n in range(rounds):
    p = subprocess.Popen(["spoolhand", "submit", "hold", "--id",
                          "drop-%d" % n, body], stdout=subprocess.PIPE)
    try:
        p.wait(random.random() * pace * 2)
    except subprocess.TimeoutExpired:
        p.kill()
    text = p.communicate()[0].decode()
    killed += p.returncode == -signal.SIGKILL
    if text:
        promised.append(text.strip())
print("\n".join(promised))
print(killed, "of", rounds, "were killed", file=sys.stderr)
sys.exit(not (killed and promised))
END

reads() {
	grep -qs reading "$1" || ended "$2"
}

# --- results -----------------------------------------------------------------

mkdir bodies
for ((i = 0; i < tasks; i++)); do
	printf 'task %d\n%0*d\n' "$i" $((i * 97 % 8000)) 0 >"bodies/t$i.md"
done
start_agent w
outbox=$root/agents/w/outbox
python3 read_results.py "$outbox" "$tasks" >reader.out 2>&1 &
reader=$!
check 'a reader of results is there' until_true "$soon" reads reader.out "$reader"
check "$tasks tasks are dropped" spoolhand submit w bodies/*.md
check 'the reader has seen all of them' until_true 240 ended "$reader"
check 'each was whole whenever it could be seen' waits 0 "$reader"
diag "$(tail -n 1 reader.out)"
check 'nothing failed' has w failed 0
check "there are $tasks" has w outbox "$tasks"
kill "$agent_pid"

# --- drops -------------------------------------------------------------------

# Big enough that it takes more than one write.
{
	echo BEGIN
	head -c 3000000 /dev/zero | tr '\0' x
	printf '\nEND\n'
} >body.md
spoolhand -q submit hold --id first body.md >/dev/null
python3 read_drops.py "$root/agents/hold/inbox" "$scratch/stop" \
	>drops.out 2>&1 &
reader=$!
check 'a reader of drops is there' until_true "$soon" reads drops.out "$reader"
kill_some() {
	python3 kill_submitters.py 60 body.md >promised
}
check 'of 60 submitters some are killed, some not' kill_some
touch "$scratch/stop"
check 'the reader ends' until_true "$soon" ended "$reader"
check 'each drop was whole whenever it could be seen' waits 0 "$reader"
diag "$(tail -n 1 drops.out)"
kept() {
	local ref

	while read -r ref; do
		ls "$root"/agents/hold/inbox/*".${ref#hold/}.md" || return
	done <promised
}
check 'what was promised is there' kept
done_testing
