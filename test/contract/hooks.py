# SPDX-License-Identifier: BSD-3-Clause
"""What schemathesis shall not try, since the answer is another on purpose: see doc/api.md."""
import schemathesis

POOLINGS = ("masked_mean", "cls", "")


def unknown_pooling(body):
    """UPSTREAM: 500 (and nothing is wrong with it when there is no text to pool)."""
    config = body.get("config") if isinstance(body, dict) else None
    pooling = config.get("pooling_strategy") if isinstance(config, dict) else None
    return isinstance(pooling, str) and pooling not in POOLINGS


def no_preflight(case):
    """OPTIONS without the two header fields of a preflight is 405."""
    return case.method == "OPTIONS" and not all((case.headers or {}).get(name) for name in ("Origin", "Access-Control-Request-Method"))


@schemathesis.hook
def filter_case(context, case):
    return not unknown_pooling(case.body) and not no_preflight(case)
