# The three-term recurrence of the Legendre polynomials: two inner calls.
# mode: reverse
# at: 0.3, 4

def legendre(x: float, n: int) -> float:
    if n == 0:
        return 1.0
    if n == 1:
        return x
    first = legendre(x, n - 1)
    second = legendre(x, n - 2)
    return ((2 * n - 1) * x * first - (n - 1) * second) / n


# output

def legendre_record(x, n):
    if n == 0:
        out = 1.0
        first = 0
        legendre_tape_2 = None
        legendre_tape = None
    elif n == 1:
        out = x
        first = 0
        legendre_tape_2 = None
        legendre_tape = None
    else:
        first, legendre_tape = legendre_record(x, n - 1)
        second, legendre_tape_2 = legendre_record(x, n - 2)
        out = ((2 * n - 1) * x * first - (n - 1) * second) / n
    return out, (x, n, legendre_tape, legendre_tape_2, first)


def legendre_pullback(tape, out_bar):
    x, n, legendre_tape, legendre_tape_2, first = tape
    if n == 0:
        x_bar = 0.0
    elif n == 1:
        x_bar = out_bar
    else:
        # return ((2 * n - 1) * x * first - (n - 1) * second) / n
        ratio = out_bar / n
        second_bar = -(ratio * (n - 1))
        difference = 2 * n - 1
        first_bar = difference * x * ratio
        x_bar = ratio * first * difference
        # second = legendre(x, n - 2)
        x_bar += legendre_pullback(legendre_tape_2, second_bar)
        # first = legendre(x, n - 1)
        x_bar += legendre_pullback(legendre_tape, first_bar)
    return x_bar


def legendre_reverse(x, n, out_bar=1.0):
    if n == 0:
        out = 1.0
        x_bar = 0.0
    elif n == 1:
        out = x
        x_bar = out_bar
    else:
        first, legendre_tape = legendre_record(x, n - 1)
        second, legendre_tape_2 = legendre_record(x, n - 2)
        out = ((2 * n - 1) * x * first - (n - 1) * second) / n
        # return ((2 * n - 1) * x * first - (n - 1) * second) / n
        ratio = out_bar / n
        second_bar = -(ratio * (n - 1))
        difference = 2 * n - 1
        first_bar = difference * x * ratio
        x_bar = ratio * first * difference
        # second = legendre(x, n - 2)
        x_bar += legendre_pullback(legendre_tape_2, second_bar)
        # first = legendre(x, n - 1)
        x_bar += legendre_pullback(legendre_tape, first_bar)
    return out, x_bar
