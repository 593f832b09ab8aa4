"""What k draws would have reached, estimated from n."""

from __future__ import annotations

import math


def pass_at_k(n: int, passed: int, k: int) -> float:
    """Return the probability that at least one of k draws out of these n passes, without bias.

    n: draws made, of which `passed` passed. One less the chance that all k come from those that failed.

    Raises ValueError unless 1 <= k <= n and 0 <= passed <= n.
    Ref: chen2021, eq. 1.

    >>> pass_at_k(4, 1, 2)
    0.5
    """
    if not 1 <= k <= n or not 0 <= passed <= n:
        raise ValueError(f"cannot tell pass@{k} from {passed} of {n} draws")
    return 1.0 - math.comb(n - passed, k) / math.comb(n, k)
