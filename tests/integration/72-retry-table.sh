#!/bin/bash
# What is tried again, how often and when: one table, and pauses by a formula.
# The body of each task is the script that is run.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

make_spool <<'END'
durability: process
defaults:
  command: [bash, -s]
  retry: {base: 10ms, cap: 20ms}
agents:
  steps: {retry: {max: 5, base: 20ms, factor: 3, cap: 200ms}}
  dice: {retry: {max: 5, base: 20ms, factor: 2, cap: 100ms, jitter: 0.5}}
  few: {retry: {max: 3, on: [timeout]}}
  crash: {retry: {crashes: 1}}
  patient: {retry: {within: 1s, base: 300ms, cap: 300ms}}
  llm:
    retry: {base: 1h, cap: 2h}
    signs:
      temporary: [connection reset]
      rate_limit: ["429", Too Many Requests]
      permanent: no such model
END

# task AGENT ID [HEADER] - drops it, its script on standard input.
task() {
	{
		printf -- '---\nid: %s\n%b\n---\n' "$2" "${3-}"
		cat
	} | put "$1" "$2.md"
}

attempts() {
	prints "$3" fact "$1" "$2" attempts
}

# pauses AGENT ID - `until` minus the time of the move, one a line.
pauses() {
	sed -nE "/\"id\":\"$2\".*\"to\":\"BLOCKED\"/s/.*\"t\":([0-9]+),.*\"until\":([0-9]+).*/\2 \1/p" \
		"$root/agents/$1/journal.jsonl" | awk '{ print $1 - $2 }'
}

# by_formula AGENT/ID N BASE FACTOR CAP JITTER - the first N pauses.
by_formula() {
	local n hex

	for ((n = 1; n <= $2; n++)); do
		hex=$(printf '%s %d' "$1" "$n" | sha256sum)
		awk -v n="$n" -v base="$3" -v factor="$4" -v cap="$5" \
			-v jitter="$6" -v chance=$((16#${hex:0:8})) 'BEGIN {
			p = base * factor ^ (n - 1)
			if (p > cap)
				p = cap
			p *= 1 + jitter * (2 * chance / 4294967295 - 1)
			printf "%d\n", p + 0.5
		}'
	done
}

blocked() {
	until_true "$soon" holds "$1" blocked "$2"
}

record() {
	grep -E -- "$3" "$root/agents/$1/work/$2/record.json"
}

# --- E14: when ------------------------------------------------------------------

start_agent steps
start_agent dice
task steps a <<<'exit 3'
task dice b <<<'exit 3'
check 'five further attempts, and it fails' comes steps a FAILED exit
check 'after six in all' attempts steps a 6
check 'its class is told' prints failed fact steps a failure
check 'the pauses are base, factor and cap' \
	prints $'20\n60\n180\n200\n200' pauses steps a
check 'which is what the formula gives' \
	prints "$(by_formula steps/a 5 20 3 200 0)" pauses steps a
check 'with jitter it fails as well' comes dice b FAILED exit
check 'and the pauses are those of the formula' \
	prints "$(by_formula dice/b 5 20 2 100 0.5)" pauses dice b
check 'which are not all alike' test \
	"$(pauses dice b | sort -u | wc -l)" -gt 3
check 'the count is told with the wait' journaled steps \
	'"id":"a".*"to":"BLOCKED","reason":"retry","why":"it exited with status 3 \(failed, 2 of 6\)"'

task steps own 'retries: 1' <<<'exit 3'
check 'a task may say itself how often' comes steps own FAILED exit
check 'once more, then' attempts steps own 2

# --- on ---------------------------------------------------------------------------

start_agent few
task few fails <<<'exit 3'
check 'a class that on does not list is final' comes few fails FAILED exit
check 'at once' attempts few fails 1
task few slow 'timeout: 50ms' <<<'exec sleep 1000'
check 'one that it lists is tried again' comes few slow FAILED timeout
check 'up to max' attempts few slow 4
task few later <<<'exit 75'
check 'to ask for later may be final, too' comes few later FAILED temporary
task few dies <<<'kill -SEGV $$'
check 'and a crash' comes few dies FAILED signal
check 'at once' attempts few dies 1

# --- crashes ----------------------------------------------------------------------

start_agent crash
task crash dies 'retries: 0' <<<'kill -SEGV $$'
check 'a worker that was killed has crashed' comes crash dies FAILED signal
check 'which has a limit of its own' attempts crash dies 2
check 'a class of its own' prints crashed fact crash dies failure
check 'and its own reason to wait' journaled crash \
	'"to":"BLOCKED","reason":"crashed","why":"it was killed by signal 11 SIGSEGV \(crashed, 1 of 2\)"'

# --- within -------------------------------------------------------------------------

start_agent patient
task patient never <<<'exit 75'
check 'what asks for later is not heard for ever' \
	comes patient never FAILED temporary
check 'it is told why' fact patient never message
check 'in words' said 'longer than 1s since its first start'
check 'it had a last try when the time was over' \
	test "$(fact patient never attempts)" -ge 3

# --- rate limits ----------------------------------------------------------------

start_agent llm
task llm told <<<'test "$TASK_ATTEMPT" -gt 1 && exit; echo "{\"rate_limit\":\"7m\"}" >&"$TASK_FD"; exit 1'
check 'a worker tells that its rate is limited' blocked llm told
check 'for how long' prints 420000 pauses llm told
check 'that is the reason' record llm told '"reason":.*"rate_limit"'
check 'and it is said' spoolhand why llm/told
check 'with the class' said 'BLOCKED (rate_limit)'
check 'and the pause' said 'has told that its rate is limited for 7m'
touch "$root/agents/llm/requests/retry.told"
check 'a person may let it go on' comes llm told COMPLETED

task llm seconds <<<'test "$TASK_ATTEMPT" -gt 1 && exit; echo "{\"rate_limit\":90}" >&"$TASK_FD"; exit 75'
check 'a number is seconds' blocked llm seconds
check 'whatever it then exits with' prints 90000 pauses llm seconds
touch "$root/agents/llm/requests/retry.seconds"
check 'it goes on' comes llm seconds COMPLETED

task llm fine <<<'echo "{\"rate_limit\":90}" >&"$TASK_FD"'
check 'one that does not fail is done' comes llm fine COMPLETED

# --- signs ------------------------------------------------------------------------

task llm sign <<<'test "$TASK_ATTEMPT" -gt 1 && exit; echo "HTTP 429: TOO MANY REQUESTS" >&2; exit 1'
check 'a sign in its standard error' blocked llm sign
check 'is as good as that' record llm sign '"reason":.*"rate_limit"'
check 'the sign is named' journaled llm '"id":"sign".*has said .429. \(rate_limit, until'
check 'without a time, the pause is that of retry' prints 3600000 pauses llm sign
touch "$root/agents/llm/requests/retry.sign"
check 'it goes on' comes llm sign COMPLETED

task llm first <<<'test "$TASK_ATTEMPT" -gt 1 && exit; echo "429: Connection Reset"; exit 65'
check 'the first class that is found decides, small letters or large' \
	blocked llm first
check 'over the exit status' record llm first '"reason":.*"retry"'
touch "$root/agents/llm/requests/retry.first"
check 'it goes on' comes llm first COMPLETED
task llm model 'retries: 5' <<<'echo "error: no such model" >&2; exit 1'
check 'a sign can say that it is final' comes llm model FAILED permanent
check 'at once' attempts llm model 1
task llm success <<<'echo "429 is a number"'
check 'a success has no signs' comes llm success COMPLETED
task llm buried <<<'echo 429 >&2; head -c 100000 /dev/zero | tr "\0" . >&2; exit 1'
check 'only the end of the output is looked at' comes llm buried FAILED exit

# --- what was written before -----------------------------------------------------

sed 's/retry: {crashes: 1}/retries: 2/' "$root/spoolhand.yaml" >bad.yaml
mkdir bad && cp bad.yaml bad/spoolhand.yaml && cp "$root/format" bad/
check 'the former key is refused' exits 78 \
	spoolhand-agent --root bad steps
check 'with what to write instead' said \
	"unknown key 'retries'; write retry: {max: 2}"
done_testing
