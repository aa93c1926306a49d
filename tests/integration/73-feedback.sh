#!/bin/bash
# A verifier sends work back, with words, a few times: row F11.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

cat >review <<'END'
#!/bin/bash
# Wants a draft that has been through its hands twice.
case $TASK_ATTEMPT in
1) echo 'too long: cut the second chapter' >&2; exit 2 ;;
2) printf 'better; but\nthe t\xc3\xaftle is \xff\0 wrong\n' >&2; exit 2 ;;
esac
echo fine >&2
END
chmod +x review

make_spool <<END
durability: process
defaults: {retry: {base: 1h, cap: 1h, max: 1}}
agents:
  writer:
    command: [bash, -s]
    verify: [$scratch/review]
  stern:
    command: [bash, -s]
    verify: [sh, -c, 'echo "no good (\$TASK_ATTEMPT)" >&2; exit 2']
    retry: {reviews: 2}
  plain:
    command: [bash, -s]
    verify: [sh, -c, 'echo "not even words" >&2; exit 1']
    retry: {base: 10ms}
  mute:
    command: [bash, -s]
    verify: [sh, -c, 'exit 2']
    retry: {reviews: 1}
  final:
    command: [bash, -s]
    verify: [sh, -c, 'exit 2']
    retry: {on: [failed]}
END

task() {
	{
		printf -- '---\nid: %s\n%b\n---\n' "$2" "${3-}"
		cat
	} | put "$1" "$2.md"
}
attempts() {
	prints "$3" fact "$1" "$2" attempts
}

export TASK_FEEDBACK='not of this task'
start_agent writer
task writer draft <<'END'
printf '%s' "$TASK_FEEDBACK" >"words-$TASK_ATTEMPT"
echo "my own error" >&2
ls "$TASK_OUT" >>outs
touch "$TASK_OUT/of-$TASK_ATTEMPT"
test "$TASK_ATTEMPT" -lt 3 || cp words-* outs "$TASK_OUT"
END
check 'sent back twice, then passed' comes writer draft COMPLETED
check 'in three attempts' attempts writer draft 3
out=$root/agents/writer/outbox/draft/out
check 'the first had no words' prints '' cat "$out/words-1"
check 'the words reached the second' \
	prints 'too long: cut the second chapter' cat "$out/words-2"
check 'and the third, made UTF-8' \
	prints $'better; but\nthe t\xc3\xaftle is \xef\xbf\xbd  wrong' \
	cat "$out/words-3"
check 'the artifacts are those of the last attempt' \
	prints 'of-3 outs words-1 words-2 words-3' sh -c 'cd "$1" && echo *' - "$out"
check 'each began with none' test ! -s "$out/outs"
check 'what verify said is in stderr, too' \
	prints $'my own error\nfine' cat "$root/agents/writer/outbox/draft/stderr"
check 'the wait was told with the words' journaled writer \
	'"to":"BLOCKED","reason":"retry","why":"the verify command sent it back: too long: cut the second chapter \(verify_failed, 1 of 4\)"'
check 'and there was none' prints '0 0' sh -c \
	'sed -nE "/\"to\":\"BLOCKED\"/s/.*\"t\":([0-9]+),.*\"until\":([0-9]+).*/\1 \2/p" "$1" |
		awk "{ printf \"%s%d\", sep, \$2 - \$1; sep = \" \" } END { print \"\" }"' \
	- "$root/agents/writer/journal.jsonl"

start_agent stern
task stern essay 'retries: 0' <<<'true'
check 'sent back too often' comes stern essay FAILED verify
check 'that is twice, and the last' attempts stern essay 3
check 'its class' prints verify_failed fact stern essay failure
check 'the words are in the end' \
	prints 'the verify command sent it back: no good (3)' \
	fact stern essay message

start_agent plain
task plain essay <<<'printf "%s" "$TASK_FEEDBACK"'
check 'another status is a plain no' comes plain essay FAILED verify
check 'counted by max' attempts plain essay 2
check 'and has no words' prints 0 sh -c 'wc -c <"$1"' - \
	"$root/agents/plain/failed/essay/stdout"

start_agent mute
task mute essay <<<'true'
check 'without a word it is sent back, too' comes mute essay FAILED verify
check 'once' attempts mute essay 2
start_agent final
task final essay <<<'true'
check 'unless on does not list it' comes final essay FAILED verify
check 'then never' attempts final essay 1

# --- killed between the words and the next attempt --------------------------------

cat >"$root/spoolhand.yaml" <<END
durability: process
agents:
  killed:
    shell: 'printf "%s" "\$TASK_FEEDBACK" >>"$scratch/got-\$TASK_ATTEMPT"; test "\$TASK_ATTEMPT" != 2 || { touch "$scratch/second"; exec sleep 1000; }'
    verify: [sh, -c, 'test "\$TASK_ATTEMPT" -gt 2 || { echo again >&2; exit 2; }']
    retry: {base: 10ms}
END
start_agent killed
task killed t <<<''
check 'sent back, it is in its second attempt' until_true "$soon" test -e second
kill -KILL "$agent_pid"
check 'its agent is killed' until_true "$soon" ended "$agent_pid"
start_agent killed
check 'the next one goes on' comes killed t COMPLETED
check 'the words are still there' prints again cat got-3
done_testing
