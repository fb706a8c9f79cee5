# SPDX-License-Identifier: Apache-2.0
"""Figures out of what was measured: when a row was, and how values spread."""
import datetime


def moment(text):
    """Seconds since the epoch, of a time as smctl writes it."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def spread(values, ranks=(50, 95)):
    """By nearest rank: p95 is the least value that 95 of a hundred do not exceed."""
    values = sorted(values)
    return {f"p{rank}": values[-(-len(values) * rank // 100) - 1] for rank in ranks} | {"most": values[-1]}
