# Complex numbers between real ones: conjugated factors, the inverse transform scaled as the transform
# is not, and the real part of what goes back to a real argument.
# mode: both
# at: np.array([0.3, -0.8, 0.5]), np.array([1.0, 0.4, -0.2])

import numpy as np


def f(x: Float[np.ndarray, "n"], phase: Float[np.ndarray, "n"]) -> float:
    spectrum = np.fft.fft(x * np.exp(1j * phase))
    return np.sum(np.abs(spectrum) ** 3)


# output

def f_forward(x, phase, dx, dphase):
    exp_value = np.exp(1j * phase)
    spectrum = np.fft.fft(x * exp_value)
    dspectrum = np.fft.fft(dx * exp_value + 1j * dphase * exp_value * x)
    abs_spectrum = np.abs(spectrum)
    product = (
        3.0
        * abs_spectrum ** 2
        * (np.real(np.conj(spectrum) * dspectrum) / (abs_spectrum + (abs_spectrum == 0)))
    )
    out = np.sum(abs_spectrum ** 3)
    dout = np.sum(product)
    return out, dout


def f_reverse(x, phase, out_bar=1.0):
    exp_value = np.exp(1j * phase)
    spectrum = np.fft.fft(x * exp_value)
    abs_spectrum = np.abs(spectrum)
    out = np.sum(abs_spectrum ** 3)
    # return np.sum(np.abs(spectrum) ** 3)
    spectrum_bar = (
        3.0 * abs_spectrum ** 2 * out_bar * spectrum / (abs_spectrum + (abs_spectrum == 0))
    )
    # spectrum = np.fft.fft(x * np.exp(1j * phase))
    product_bar = np.fft.ifft(spectrum_bar, norm="forward")
    conj_exp_value = np.conj(exp_value)
    x_bar = np.real(product_bar * conj_exp_value)
    phase_bar = np.real(-1j * product_bar * x * conj_exp_value)
    return out, (np.copy(x_bar), np.copy(phase_bar))
