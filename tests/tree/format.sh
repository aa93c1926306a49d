#!/bin/bash
# Every C file is as scripts/fmt would leave it.

cd "$SPOOLHAND_SRC" && scripts/fmt --check
