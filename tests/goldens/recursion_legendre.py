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

def legendre_reverse(x, n, out_bar=1.0):
    if n == 0:
        out = 1.0
        x_bar = 0.0
    elif n == 1:
        out = x
        x_bar = out_bar
    else:
        ratio = out_bar / n
        difference = 2 * n - 1
        product = difference * x
        first, legendre_x_bar = legendre_reverse(x, n - 1, ratio * product)
        second, legendre_x_bar_2 = legendre_reverse(x, n - 2, -(ratio * (n - 1)))
        out = (product * first - (n - 1) * second) / n
        # return ((2 * n - 1) * x * first - (n - 1) * second) / n
        x_bar = ratio * first * difference
        # second = legendre(x, n - 2)
        x_bar += legendre_x_bar_2
        # first = legendre(x, n - 1)
        x_bar += legendre_x_bar
    return out, x_bar
