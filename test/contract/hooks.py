# SPDX-License-Identifier: BSD-3-Clause
"""What schemathesis shall not try, since the answer is another on purpose: see doc/api.md."""
import schemathesis

POOLINGS = ("masked_mean", "cls", "")


def nul_in_key(value):
    """jansson takes none: 422, though it is JSON."""
    if isinstance(value, dict):
        return any("\0" in k or nul_in_key(v) for k, v in value.items())
    return isinstance(value, list) and any(map(nul_in_key, value))


def unknown_pooling(body):
    """UPSTREAM: 500 (and nothing is wrong with it when there is no text to pool)."""
    config = body.get("config") if isinstance(body, dict) else None
    pooling = config.get("pooling_strategy") if isinstance(config, dict) else None
    return isinstance(pooling, str) and pooling not in POOLINGS


@schemathesis.hook
def filter_case(context, case):
    return not nul_in_key(case.body) and not unknown_pooling(case.body)
