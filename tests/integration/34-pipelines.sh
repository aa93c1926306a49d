#!/bin/bash
# The way in "shell pipelines": `run` is a filter with a true exit status.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-gm

make_spool <<'END'
agents:
  pm: {shell: "sed 's/^/plan: /'"}
  backend: {shell: "sed 's/^/code: /'"}
  review: {shell: "sed 's/$/ (reviewed)/'"}
  broken: {shell: "echo half; echo 'it broke' >&2; exit 3"}
  bytes: {command: [cat]}
END
start_gm
set -o pipefail

three() {
	printf 'a page\n' >brief.md
	spoolhand run pm <brief.md | spoolhand run backend |
		spoolhand run review >out.md
}

with_a_failure() {
	spoolhand run pm <brief.md | spoolhand run broken |
		spoolhand run review >bad.md
}

binary_is_kept() {
	head -c 300000 /dev/urandom >blob
	spoolhand run bytes <blob >copy && cmp blob copy
}

check 'three agents in a pipeline' three
check 'the text went through all of them' \
	prints 'code: plan: a page (reviewed)' cat out.md
check 'a failure in the middle is the status of the pipeline' \
	exits 1 with_a_failure
check 'a failed run says why on standard error' \
	grep -q 'it broke' <(spoolhand run broken <brief.md 2>&1 >/dev/null)
check 'any bytes pass unchanged' binary_is_kept
check 'an empty input is a task, too' prints '' spoolhand run bytes </dev/null
check 'an unknown agent exits 3 and offers the nearest' \
	exits 3 spoolhand run bytse </dev/null
check 'and says so' grep -q "did you mean 'bytes'" \
	<(spoolhand run bytse </dev/null 2>&1)
check 'a wait that runs out exits 4' \
	exits 4 spoolhand run pm --after broken/never --wait-timeout 100ms \
	</dev/null
done_testing
