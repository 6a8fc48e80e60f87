"""What a reverse branch needs of the forward branch keeps its name, and is handed on once."""

from __future__ import annotations

import math
import re

import adxform
from adxform import check_grads


def cdf(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def price(s: float, k: float, sigma: float, call: bool) -> float:
    d = math.log(s / k) / sigma
    if call:
        value = s * cdf(d) - k * cdf(d - sigma)
    else:
        value = k * cdf(sigma - d) - s * cdf(-d)
    return value


def test_nothing_is_copied_at_the_end_of_a_branch() -> None:
    text = adxform.source(price)
    assert text.count("else:") == 1  # each side has its derivative below it
    copied = re.findall(r"(\w+) = [A-Za-z_]\w*(?=\n)", text)
    assert [name for name in copied if not name.endswith("_bar")] == []
    for call in (True, False):
        check_grads(price, (1.3, 1.1, 0.4, call))
