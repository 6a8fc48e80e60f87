# Forward mode: one function that calls itself.
# mode: forward
# at: 1.3, 4

def rising(x: float, n: int) -> float:
    """x (x + 1) ... (x + n - 1)."""
    if n == 0:
        return 1.0
    return (x + n - 1) * rising(x, n - 1)


# output

def rising_forward(x, n, dx):
    """x (x + 1) ... (x + n - 1)."""
    if n == 0:
        out = 1.0
        dout = 0.0
    else:
        difference = x + n - 1
        rising_forward_value, rising_forward_value_2 = rising_forward(x, n - 1, dx)
        out = difference * rising_forward_value
        dout = dx * rising_forward_value + difference * rising_forward_value_2
    return out, dout
