#!/bin/bash
# The scripts give shellcheck nothing to say.

cd "$SPOOLHAND_SRC" && scripts/lint-shell
