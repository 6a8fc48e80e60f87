# A function that calls itself: one tape per activation, handed over and pulled back.
# mode: reverse
# at: 1.3, 5

def power(x: float, n: int) -> float:
    """x to the power n, by squaring."""
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    if n % 2 == 1:
        return half * half * x
    return half * half


# output

def power_record(x, n):
    """x to the power n, by squaring."""
    if n == 0:
        out = 1.0
        half = 0
        power_tape = None
    else:
        half, power_tape = power_record(x, n // 2)
        if n % 2 == 1:
            out = half * half * x
        else:
            out = half * half
    return out, (x, n, power_tape, half)


def power_pullback(tape, out_bar):
    x, n, power_tape, half = tape
    if n == 0:
        x_bar = 0.0
    else:
        if n % 2 == 1:
            # return half * half * x
            x_bar = half * half * out_bar
            half_bar = 2.0 * out_bar * x * half
        else:
            # return half * half
            half_bar = 2.0 * out_bar * half
            x_bar = 0.0
        # half = power(x, n // 2)
        x_bar += power_pullback(power_tape, half_bar)
    return x_bar


def power_reverse(x, n, out_bar=1.0):
    """x to the power n, by squaring."""
    if n == 0:
        out = 1.0
        x_bar = 0.0
    else:
        half, power_tape = power_record(x, n // 2)
        if n % 2 == 1:
            out = half * half * x
            # return half * half * x
            x_bar = half * half * out_bar
            half_bar = 2.0 * out_bar * x * half
        else:
            out = half * half
            # return half * half
            half_bar = 2.0 * out_bar * half
            x_bar = 0.0
        # half = power(x, n // 2)
        x_bar += power_pullback(power_tape, half_bar)
    return out, x_bar
