#!/bin/bash
# Every record of a task that has ended is as docs/result.schema.json says,
# whichever way it ended.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent
python3 -c 'import jsonschema' 2>/dev/null ||
	skip_all 'the Python module jsonschema is not installed'

make_spool <<'END'
agents:
  w:
    shell: |
      case $TASK_ID in
      exit*) echo no >&2; exit 3 ;;
      final*) exit 65 ;;
      signal*) kill -9 $$ ;;
      slow*) exec sleep 1000 ;;
      calls-1)
        spoolhand call w --detach --body child >/dev/null || exit
        echo here >held; exec sleep 1000 ;;
      held*) echo here >held; exec sleep 1000 ;;
      none*) ;;
      link*) ln -s "$SPOOLHAND_TEST/elsewhere" "$TASK_OUT/link" ;;
      again*) test "$TASK_ATTEMPT" -ge 3 ;;
      *) mkdir "$TASK_OUT/d"; cat >"$TASK_OUT/d/body"; : >"$TASK_OUT/empty" ;;
      esac
    verify: [sh, -c, 'case $TASK_ID in unfit*) exit 1 ;; esac']
    retry: {base: 10ms, crashes: 0}
    grace: 1s
END
desk=$root/agents/w

submit() {
	spoolhand -q submit w --id "$1" --body "body of $1" "${@:2}" >/dev/null
}

cat >validate.py <<'END'
import json, sys, jsonschema

schema = json.load(open(sys.argv[1]))
cls = getattr(jsonschema, "Draft202012Validator", None) or \
    jsonschema.validators.validator_for(schema)
cls.check_schema(schema)
validator = cls(schema)
bad = 0
for name in sys.argv[2:]:
    for error in validator.iter_errors(json.load(open(name))):
        bad = 1
        print("%s: %s: %s" % (name, list(error.absolute_path), error.message))
sys.exit(bad)
END

valid() {
	python3 validate.py "$SPOOLHAND_SRC/docs/result.schema.json" "$@"
}

ended_as() {
	comes w "$@"
}

start_agent w
submit plain
check 'COMPLETED' ended_as plain COMPLETED
submit full --title 'A title: "quoted", ä' --priority high --label a=1 \
	--label 'b=two words' --after w/plain --input w/plain/d/body \
	--retries 2 --timeout 1h --output d/body
check 'COMPLETED, with everything a header can have' ended_as full COMPLETED
put w asked.task.json <<'END'
{"user": "ann", "device": "desk 1", "title": "é\n",
 "trace": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
 "body": "body"}
END
check 'COMPLETED, by a program for somebody' ended_as asked COMPLETED
mkdir folder && echo text >folder/task.md && echo more >folder/more.txt
mv folder "$desk/inbox/"
check 'COMPLETED, a folder' ended_as folder COMPLETED
: >"$scratch/nothing.txt" && mv nothing.txt "$desk/inbox/"
check 'COMPLETED, an empty file' ended_as nothing COMPLETED
submit again --retries 2
check 'COMPLETED, at the third attempt' ended_as again COMPLETED
submit exit-1 --retries 1
check 'FAILED: exit' ended_as exit-1 FAILED exit
submit signal-1
check 'FAILED: signal' ended_as signal-1 FAILED signal
submit final-1
check 'FAILED: permanent' ended_as final-1 FAILED permanent
submit slow-1 --timeout 100ms
check 'FAILED: timeout' ended_as slow-1 FAILED timeout
submit none-1 --output there
check 'FAILED: no_output' ended_as none-1 FAILED no_output
submit unfit-1
check 'FAILED: verify' ended_as unfit-1 FAILED verify
submit link-1
check 'FAILED: bad_artifact' ended_as link-1 FAILED bad_artifact
submit held-1
check 'one runs' until_true "$soon" test -e "$desk/work/held-1/held"
spoolhand -q cancel w/held-1
check 'FAILED: cancelled' ended_as held-1 FAILED cancelled
submit calls-1
check 'one has a child' until_true "$soon" test -e "$desk/work/calls-1/held"
spoolhand -q cancel w/calls-1
check 'FAILED: cancelled, with a child' ended_as calls-1 FAILED cancelled
check 'which it tells of' grep -F '"disposition":	"detached"' \
	"$desk/failed/calls-1/result.json"
submit waiting --after w/nobody
check 'one waits' until_true "$soon" has w pending 1
spoolhand -q cancel w/waiting
check 'WITHDRAWN: cancelled' ended_as waiting WITHDRAWN cancelled
submit skipped --after w/final-1
check 'WITHDRAWN: dependency_failed' \
	ended_as skipped WITHDRAWN dependency_failed
submit held-2
check 'one runs' until_true "$soon" test -e "$desk/work/held-2/held"
pause w
submit spoilt
check 'one is READY' until_true "$soon" has w ready 1
kill -9 "$agent_pid"
wait "$agent_pid" 2>/dev/null
printf -- '---\nid: [\n---\n' >"$(echo "$desk"/ready/*.spoilt)"
unpause w
start_agent w
check 'FAILED: crashed' ended_as held-2 FAILED crashed
check 'WITHDRAWN: unreadable' ended_as spoilt WITHDRAWN unreadable

old=$(stat -c %i "$desk/failed/final-1")
spoolhand -q retry w/final-1
anew() {
	[ -e "$desk/failed/final-1" ] &&
		[ "$(stat -c %i "$desk/failed/final-1")" != "$old" ]
}
check 'one is tried again' until_true "$soon" anew
check 'FAILED: permanent, when it was retried' \
	ended_as final-1 FAILED permanent
spoolhand -q retry w/waiting w/spoilt
check 'what was withdrawn waits again' until_true "$soon" has w pending 1

records=("$desk"/{outbox,failed}/*/result.json)
check "all ${#records[@]} of them" valid "${records[@]}"
check 'they are not few' test "${#records[@]}" -ge 17

# Does it refuse anything?  Each of these is done to a copy of a good record.
cat >spoil.py <<'END'
import json, sys
for n, what in enumerate(sys.argv[2:]):
    r = json.load(open(sys.argv[1]))
    exec(what)
    json.dump(r, open("spoilt.%d.json" % n, "w"))
END
changes=(
	'r["state"] = "RUNNING"' 'r["state"] = "completed"'
	'r["reason"] = "bad luck"' 'del r["ref"]' 'r["ref"] = "w/../x"'
	'r["attempts"] = -1' 'r["attempts"] = "1"' 'r["format"] = 2'
	'r["exit"] = 256' 'r["labels"]["a"] = 1' 'r["seq"] = 0'
	'del r["submitter"]["uid"]' 'r["times"]["ended"] = 1795238376397'
	'r["manifest"][0]["sha256"] = "0"' 'del r["manifest"][0]["size"]'
	'r["usage"] = None' 'r["after"] = "w/plain"'
)
check 'copies are made' \
	python3 spoil.py "$desk/outbox/full/result.json" pass "${changes[@]}"
valid spoilt.*.json >refusals
check_not 'a copy as it was is not refused' grep -F spoilt.0.json: refusals
for n in "${!changes[@]}"; do
	check "refused: ${changes[n]}" grep -F "spoilt.$((n + 1)).json:" refusals
done
done_testing
