# The log-likelihood of a Gaussian mixture: shapes are known, so that no helper is called.
# mode: reverse
# file: gmm/density.py
# function: log_likelihood_full
# wrt: logits, means, factors
# absent: unbroadcast as_like spread kept broadcast_like
# at: np.array([0.1, -0.4]), np.array([[0.3, -0.8, 0.1], [1.1, 0.4, 0.5]]), np.linspace(-0.7, 0.9, 18).reshape(2, 3, 3), np.cos(np.arange(12.0)).reshape(4, 3)


# output

def log_likelihood_full_reverse(logits, means, factors, X, out_bar=1.0):
    """Log-likelihood of the points; a covariance for each component (see the module's table)."""
    diff = X[None, :, :] - means[:, None, :]
    eye = np.eye(factors.shape[-1])
    exp_value = np.exp(eye * factors)
    total = np.tril(factors, k=-1) + eye * exp_value
    white = diff @ total
    log_det = np.sum(np.diagonal(factors, axis1=1, axis2=2), axis=1)
    difference = -0.5 * np.sum(white ** 2, axis=2) - 0.5 * white.shape[2] * np.log(2 * np.pi)
    shifted = logits - np.max(logits)
    exp_shifted = np.exp(shifted)
    sum_exp_shifted = np.sum(exp_shifted)
    log_joint = (shifted - np.log(sum_exp_shifted))[:, None] + (difference + log_det[:, None])
    peak = np.max(log_joint, axis=0)
    exp_value_2 = np.exp(log_joint - peak)
    sum_exp_value = np.sum(exp_value_2, axis=0)
    out = np.sum(peak + np.log(sum_exp_value))
    # return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))
    product = out_bar / sum_exp_value * exp_value_2
    # log_joint = log_weights(logits)[:, None] + log_densities
    log_det_bar = np.sum(product, axis=1)
    # return shifted - np.log(np.sum(np.exp(shifted)))
    shifted_bar = log_det_bar - np.sum(log_det_bar) / sum_exp_shifted * exp_shifted
    # return -0.5 * np.sum(white**2, axis=2) - 0.5 * white.shape[2] * np.log(2 * np.pi)
    white_bar = -(white * product[..., None])
    # log_det = np.sum(np.diagonal(factors, axis1=1, axis2=2), axis=1)
    arange_value = np.arange(factors.shape[2])
    factors_bar = np.zeros_like(factors)
    factors_bar[..., arange_value, arange_value] = log_det_bar[:, None]
    # white = diff @ precision_factor(factors)
    total_bar = np.swapaxes(diff, 1, 2) @ white_bar
    # return np.tril(factors, -1) + eye * np.exp(eye * factors)
    factors_bar += total_bar * eye * exp_value * eye
    factors_bar += np.tril(total_bar, k=-1)
    # diff = X[None, :, :] - means[:, None, :]
    means_bar = -(np.sum(white_bar, axis=1, keepdims=True) @ np.swapaxes(total, 1, 2))[:, 0]
    return out, (shifted_bar, means_bar, factors_bar)
