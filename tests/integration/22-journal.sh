#!/bin/bash
# The journal is complete: from it alone the state of every task can be told,
# also after two agents were killed, and each change has a reason.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent
command -v python3 >/dev/null || skip_all 'python3 is not installed'

config() {
	make_spool <<END
defaults: {retry: {max: 1, base: $1, cap: 1h, crashes: 9}}
agents:
  w:
    shell: |
      case \$TASK_ID in
      bad*) echo no >&2; exit 1 ;;
      final*) exit 65 ;;
      flaky*) test "\$TASK_ATTEMPT" -ge 2 ;;
      later*) test "\$TASK_ATTEMPT" -ge 2 || exit 75 ;;
      held*) echo here >held; exec sleep 1000 ;;
      *) cat ;;
      esac
END
}

config 10ms
journal=$root/agents/w/journal.jsonl

# What is wrong with the journal by itself, and where the tree, which is read
# with nothing but listdir, is not as it says.
cat >audit.py <<'END'
import json, os, sys

desk = sys.argv[1]
places = {"pending": "PENDING", "ready": "READY", "running": "RUNNING",
          "saving": "RUNNING", "blocked": "BLOCKED"}
classes = {"1": "high", "5": "medium", "9": "low"}
ends = {"COMPLETED", "FAILED", "WITHDRAWN"}
moves = {("PENDING", "READY"), ("READY", "RUNNING"), ("RUNNING", "BLOCKED"),
         ("BLOCKED", "READY"), ("RUNNING", "COMPLETED"),
         ("RUNNING", "FAILED")}
leaving = {(s, "WITHDRAWN") for s in ("PENDING", "READY", "BLOCKED")}
known = {s for m in moves for s in m} | {"WITHDRAWN", "GONE"}

faults = []
def fault(*words):
    faults.append(" ".join(str(w) for w in words))

told = {}
n = 0
data = open(desk + "/journal.jsonl", "rb").read()
if not data.endswith(b"\n"):
    fault("the last line is torn")
for text in data.splitlines():
    n += 1
    try:
        row = json.loads(text)
    except ValueError:
        fault("line", n, "is no JSON:", text)
        continue
    if row["n"] != n:
        fault("line", n, "says it is line", row["n"])
    for key in ("from", "to"):
        if key in row and row[key] not in known:
            fault("line", n, "names a state", row[key])
    if "to" not in row:
        if row["ev"] not in ("start", "stop", "duplicate", "reject",
                             "request"):
            fault("line", n, "is a", row["ev"], "to nowhere")
        continue
    if not row.get("why") and not row.get("reason"):
        fault("line", n, "changes a state and does not say why:", row)
    was = told.setdefault(row["id"], {"to": None, "attempt": 0})
    pair = (row.get("from"), row["to"])
    if row["ev"] == "move" and pair not in moves:
        fault("line", n, "is no move:", *pair)
    elif row["ev"] == "phase" and pair != ("RUNNING", "RUNNING"):
        fault("line", n, "is no phase:", *pair)
    elif row["ev"] == "end" and (row["to"] not in ends
                                 or pair not in moves | leaving):
        fault("line", n, "is no end:", *pair)
    elif row["ev"] == "admit" and row["to"] != "PENDING":
        fault("line", n, "admits to", row["to"])
    elif row["ev"] not in ("move", "phase", "end", "admit", "recover"):
        fault("line", n, "is a", row["ev"], "to", row["to"])
    # A change that was told and not made, by a kill, may be told again.
    if "from" in row and was["to"] not in (row["from"], row["to"]):
        fault("line", n, "leaves", row["from"], "but", row["id"], "was",
              was["to"])
    counted = pair == ("READY", "RUNNING")
    if "from" in row and was["to"] == row["from"] and \
       row["attempt"] != was["attempt"] + counted:
        fault("line", n, "is attempt", row["attempt"], "after",
              was["attempt"])
    if row["ev"] == "recover" and "seq" not in row:
        was["to"] = row["to"]
        was["corrected"] = True
        continue
    told[row["id"]] = row

by_journal = {}
for name, row in told.items():
    if row["to"] == "GONE":
        continue
    by_journal[name] = (row["to"], row["seq"], row["attempt"], row["class"])

by_tree = {}
for place, state in places.items():
    for entry in os.listdir(desk + "/" + place):
        c, seq, attempt, name = entry.split(".", 3)
        if name in by_tree:
            fault(name, "is there twice")
        by_tree[name] = (state, int(seq), int(attempt), classes[c])
for place in "outbox", "failed":
    for name in os.listdir(desk + "/" + place):
        r = json.load(open("%s/%s/%s/result.json" % (desk, place, name)))
        by_tree[name] = (r["state"], r["seq"], r["attempts"], r["priority"])
        if told.get(name, {}).get("reason") != r["reason"]:
            fault(name, "ended by", r["reason"], "in the tree, by",
                  told.get(name, {}).get("reason"), "in the journal")

for name in sorted(by_tree.keys() | by_journal.keys()):
    if by_tree.get(name) != by_journal.get(name):
        fault(name, "is", by_tree.get(name), "in the tree,",
              by_journal.get(name), "in the journal")
for word in sys.argv[2:]:
    if word not in {v[0] for v in by_journal.values()}:
        fault("no task is", word)
print("\n".join(faults[:9]))
sys.exit(bool(faults))
END

audit() {
	python3 audit.py "$root/agents/w" "$@"
}

lines() {
	[ "$(wc -l <"$journal")" -ge "$1" ]
}

submit() {
	spoolhand -q submit w --id "$1" --body "body of $1" "${@:2}" >/dev/null
}

kill_hard() {
	kill -9 "$agent_pid"
	wait "$agent_pid" 2>/dev/null
}

for ((i = 0; i < 12; i++)); do
	submit "good-$i" --priority low
	submit "bad-$i"
	submit "flaky-$i" --after "w/good-$i"
	submit "later-$i" --priority high
	submit "final-$i"
	submit "without-$i" --after "w/final-$i"
	submit "cancelled-$i" --after "w/nobody"
done
submit held
printf -- '---\nid: good-0\n---\nbody of good-0' | put w again.md
put w broken.md <<'END'
---
titel: what
---
END
put w taken.md <<'END'
---
id: good-1
---
other content
END
start_agent w
check 'an agent is at work' until_true "$soon" lines 150
kill_hard
start_agent w
check 'the next one is at work' \
	until_true "$soon" test -e "$root/agents/w/work/held/held"
kill_hard
start_agent w
for ((i = 0; i < 12; i++)); do
	spoolhand -q cancel "w/cancelled-$i"
done
spoolhand -q cancel w/held
ends w bad-3 && spoolhand -q retry w/bad-3
ends w without-3 && spoolhand -q retry w/final-3
touch "$root/agents/w/requests/nonsense" "$root/agents/w/requests/cancel.nobody"
check 'after all that it comes to rest' until_true "$soon" at_rest w
pause w && check 'it pauses' paused w
submit removed
check 'a task is READY' until_true "$soon" has w ready 1
rm "$root"/agents/w/ready/*.removed
unpause w
check 'its removal by hand is told' \
	until_true "$soon" journaled w '"id":"removed".*"to":"GONE"'
spoolhand -q submit w --id last --body x >/dev/null
check 'the last one is done' comes w last COMPLETED
check 'at rest the journal tells the tree' \
	until_true 5 audit COMPLETED FAILED WITHDRAWN
check 'two drops were rejected' prints 2 grep -c '"ev":"reject"' "$journal"
check 'one was there already' prints 1 grep -c '"ev":"duplicate"' "$journal"
check 'a crash was told' journaled w \
	'"id":"held".*"from":"RUNNING","to":"BLOCKED","reason":"crashed"'
kill "$agent_pid"
check 'the agent ends' until_true "$soon" ended "$agent_pid"
check 'and the journal still tells the tree' audit

config 1h
start_agent w
submit bad-last
check 'one is BLOCKED' until_true "$soon" has w blocked 1
submit held-last
submit good-last
submit flaky-last --after w/nobody
check 'one is RUNNING' \
	until_true "$soon" test -e "$root/agents/w/work/held-last/held"
check 'one is PENDING' until_true "$soon" has w pending 1
check 'in every state the journal tells the tree' until_true 5 audit \
	PENDING READY RUNNING BLOCKED COMPLETED FAILED WITHDRAWN
kill_hard
check 'also when the agent was killed' audit RUNNING
start_agent w
check 'and when the next one has begun' until_true 5 audit
done_testing
