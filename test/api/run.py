#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py BIN MODEL_DIR [FAKE] [-k WORD]

The HTTP contract, tested from outside: the daemon is started on a free port and spoken to in raw
bytes. BIN is t2v; FAKE is the same server over an engine that does as it is told (fake.c), for what
a model cannot show on demand. One line for each check that fails, and a summary.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import check_broken  # noqa: E402
import check_budget  # noqa: E402
import check_commands  # noqa: E402
import check_conformance  # noqa: E402
import check_contract  # noqa: E402
import check_crowds  # noqa: E402
import check_embed  # noqa: E402
import check_engine  # noqa: E402
import check_leftovers  # noqa: E402
import check_life  # noqa: E402
import check_log  # noqa: E402
import check_places  # noqa: E402
import check_resend  # noqa: E402
import check_routes  # noqa: E402
import check_rows  # noqa: E402
import check_secrets  # noqa: E402
import check_settings  # noqa: E402
import check_static  # noqa: E402
import check_stream  # noqa: E402
import check_touched  # noqa: E402
import check_vectorizers  # noqa: E402
import check_waits  # noqa: E402
import check_wire  # noqa: E402
from checks import Checks, word_of  # noqa: E402


def main():
    args, checks = sys.argv[1:], Checks()
    word = word_of(args)
    checks.binary, checks.model = args[:2]
    checks.fake = args[2] if len(args) > 2 else None
    checks.slack = float(os.environ.get("T2V_TEST_SLACK", "1"))  # for time-outs under sanitizers
    modules = [check_budget, check_commands, check_contract, check_conformance, check_vectorizers, check_wire, check_life, check_crowds, check_log, check_secrets,
               check_rows, check_broken, check_settings, check_static, check_touched, check_resend, check_leftovers, check_places, check_waits, check_embed]
    return checks.run(modules + ([check_engine, check_routes, check_stream] if checks.fake else []), word)


if __name__ == "__main__":
    sys.exit(main())
