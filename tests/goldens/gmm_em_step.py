# A step of EM, differentiated both ways: the gradient that it calls gets derivatives of its own.
# mode: both
# file: gmm/em.py
# function: em_step_full
# wrt: weights, means
# absent: unbroadcast as_like broadcast_like np.copy _t_
# at: np.array([0.4, 0.6]), np.array([[0.3, -0.8], [1.1, 0.4]]), np.array([[[1.0, 0.2], [0.2, 0.7]], [[0.5, -0.1], [-0.1, 0.9]]]), np.cos(np.arange(12.0)).reshape(6, 2)


# output

def responsibilities_gradient_forward(logits, log_densities, dlogits, dlog_densities):
    """Probability of each component given each point, (k, n): a derivative of the log-likelihood.

    With l = sum_j log sum_k w_k exp(a_kj), the derivative of l in a_kj is
    w_k exp(a_kj) / sum_i w_i exp(a_ij), which is Bayes' formula.
    """
    shifted = logits - np.max(logits)
    exp_shifted = np.exp(shifted)
    sum_exp_shifted = np.sum(exp_shifted)
    log_joint = (shifted - np.log(sum_exp_shifted))[:, None] + log_densities
    dlog_joint = (
        (dlogits - np.sum(exp_shifted * dlogits) / sum_exp_shifted)[:, None] + dlog_densities
    )
    peak = np.max(log_joint, axis=0)
    exp_value = np.exp(log_joint - peak)
    sum_value_bar = exp_value * dlog_joint
    sum_exp_value = np.sum(exp_value, axis=0)
    # return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))
    sum_exp_value_bar = 1.0 / sum_exp_value
    return (
        sum_exp_value_bar * exp_value,
        sum_exp_value_bar * sum_value_bar
        - np.sum(sum_value_bar, axis=0) * sum_exp_value_bar / sum_exp_value * exp_value,
    )


def em_step_full_forward(weights, means, covariances, X, dweights, dmeans):
    """Take one step of EM; a covariance for each component."""
    upper = np.linalg.cholesky(covariances[..., ::-1, ::-1])[..., ::-1, ::-1]
    lower = np.swapaxes(np.linalg.inv(upper), -1, -2)
    eye = np.eye(covariances.shape[-1])
    logits = np.log(weights)
    dlogits = dweights / weights
    spreads = np.tril(lower, k=-1) + eye * np.log(np.where(eye > 0, lower, 1.0))
    item = X[None, :, :]
    diff = item - means[:, None, :]
    ddiff = -dmeans[:, None, :]
    ddiff = np.broadcast_to(ddiff, diff.shape)
    eye = np.eye(spreads.shape[-1])
    total = np.tril(spreads, k=-1) + eye * np.exp(eye * spreads)
    white = diff @ total
    dwhite = ddiff @ total
    log_det = np.sum(np.diagonal(spreads, axis1=1, axis2=2), axis=1)
    difference = -0.5 * np.sum(white ** 2, axis=2) - 0.5 * white.shape[2] * np.log(2 * np.pi)
    resp, dresp = responsibilities_gradient_forward(
        logits, difference + log_det[:, None], dlogits, -0.5 * np.sum(2.0 * white * dwhite, axis=2)
    )
    counts = np.sum(resp, axis=1)
    dcounts = np.sum(dresp, axis=1)
    item_2 = counts[:, None]
    means = resp @ X / item_2
    dmeans = dresp @ X / item_2 - dcounts[:, None] * means / item_2
    diff = item - means[:, None, :]
    ddiff = -dmeans[:, None, :]
    ddiff_2 = np.broadcast_to(ddiff, diff.shape)
    item = resp[:, :, None]
    swapaxes_value = np.swapaxes(item * diff, 1, 2)
    products = swapaxes_value @ diff
    dproducts = (
        np.swapaxes(dresp[:, :, None] * diff + item * ddiff, 1, 2) @ diff + swapaxes_value @ ddiff_2
    )
    squares = products
    dsquares = dproducts
    item = counts[:, None, None]
    covariances = squares / item
    dcovariances = dsquares / item - dcounts[:, None, None] * covariances / item
    sum_counts = np.sum(counts)
    ratio = counts / sum_counts
    return (
        (ratio, means, covariances + 0.0 * np.eye(covariances.shape[-1])),
        (dcounts / sum_counts - np.sum(dcounts) * ratio / sum_counts, dmeans, dcovariances),
    )


def responsibilities_gradient_record(logits, log_densities):
    """Probability of each component given each point, (k, n): a derivative of the log-likelihood.

    With l = sum_j log sum_k w_k exp(a_kj), the derivative of l in a_kj is
    w_k exp(a_kj) / sum_i w_i exp(a_ij), which is Bayes' formula.
    """
    shifted = logits - np.max(logits)
    exp_shifted = np.exp(shifted)
    sum_exp_shifted = np.sum(exp_shifted)
    log_joint = (shifted - np.log(sum_exp_shifted))[:, None] + log_densities
    peak = np.max(log_joint, axis=0)
    exp_value = np.exp(log_joint - peak)
    sum_exp_value = np.sum(exp_value, axis=0)
    # return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))
    sum_exp_value_bar = 1.0 / sum_exp_value
    return (
        sum_exp_value_bar * exp_value,
        exp_value,
        sum_exp_value_bar,
        sum_exp_value,
        sum_exp_shifted,
        exp_shifted,
    )


def responsibilities_gradient_pullback(
    exp_value, ratio, sum_value, sum_value_2, exp_shifted, log_densities_bar_bar
):
    # return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))
    exp_value_bar = (
        log_densities_bar_bar * ratio
        - np.sum(log_densities_bar_bar * exp_value, axis=0) * ratio / sum_value
    )
    product = exp_value_bar * exp_value
    # log_joint = log_weights(logits)[:, None] + log_densities
    sum_product = np.sum(product, axis=1)
    # return shifted - np.log(np.sum(np.exp(shifted)))
    shifted_bar = sum_product - np.sum(sum_product) / sum_value_2 * exp_shifted
    return shifted_bar, product


def em_step_full_reverse(weights, means, covariances, X, out_bar, means_bar, out_bar_3):
    """Take one step of EM; a covariance for each component."""
    upper = np.linalg.cholesky(covariances[..., ::-1, ::-1])[..., ::-1, ::-1]
    lower = np.swapaxes(np.linalg.inv(upper), -1, -2)
    eye = np.eye(covariances.shape[-1])
    logits = np.log(weights)
    spreads = np.tril(lower, k=-1) + eye * np.log(np.where(eye > 0, lower, 1.0))
    item = X[None, :, :]
    diff = item - means[:, None, :]
    eye = np.eye(spreads.shape[-1])
    total = np.tril(spreads, k=-1) + eye * np.exp(eye * spreads)
    white = diff @ total
    log_det = np.sum(np.diagonal(spreads, axis1=1, axis2=2), axis=1)
    difference = -0.5 * np.sum(white ** 2, axis=2) - 0.5 * white.shape[2] * np.log(2 * np.pi)
    resp, exp_value, ratio, sum_value, sum_value_2, exp_shifted = responsibilities_gradient_record(
        logits, difference + log_det[:, None]
    )
    counts = np.sum(resp, axis=1)
    item_2 = counts[:, None]
    means = resp @ X / item_2
    diff = item - means[:, None, :]
    item_3 = resp[:, :, None]
    swapaxes_value = np.swapaxes(item_3 * diff, 1, 2)
    products = swapaxes_value @ diff
    squares = products
    item_4 = counts[:, None, None]
    covariances = squares / item_4
    sum_counts = np.sum(counts)
    ratio_2 = counts / sum_counts
    total_2 = covariances + 0.0 * np.eye(covariances.shape[-1])
    # return counts / np.sum(counts), means, regularize(covariances, reg_covar, covariance_type)
    counts_bar = out_bar / sum_counts - np.sum(out_bar * ratio_2 / sum_counts)
    # return squares / counts[:, None, None]
    squares_bar = out_bar_3 / item_4
    counts_bar -= np.sum(out_bar_3 * covariances / item_4, axis=(1, 2))
    # products = np.swapaxes(resp[:, :, None] * diff, 1, 2) @ diff
    product_bar = np.swapaxes(squares_bar @ np.swapaxes(diff, 1, 2), 1, 2)
    diff_bar = np.swapaxes(swapaxes_value, 1, 2) @ squares_bar + product_bar * item_3
    resp_bar = np.sum(product_bar * diff, axis=2)
    # diff = X[None, :, :] - means[:, None, :]
    means_bar = means_bar - np.sum(diff_bar, axis=1)
    # means = resp @ X / counts[:, None]
    counts_bar -= np.sum(means_bar * means / item_2, axis=1)
    resp_bar += means_bar / item_2 @ X.T
    # counts = np.sum(resp, axis=1)
    resp_bar += counts_bar[:, None]
    # return responsibilities(logits, log_density(means, spreads, X, covariance_type))
    logits_bar, responsibilities_gradient_pullback_value = responsibilities_gradient_pullback(
        exp_value, ratio, sum_value, sum_value_2, exp_shifted, resp_bar
    )
    # return -0.5 * np.sum(white**2, axis=2) - 0.5 * white.shape[2] * np.log(2 * np.pi)
    white_bar = -(white * responsibilities_gradient_pullback_value[..., None])
    # diff = X[None, :, :] - means[:, None, :]
    means_bar = -(np.sum(white_bar, axis=1, keepdims=True) @ np.swapaxes(total, 1, 2))[:, 0]
    # return np.log(weights), means, spreads_from_covariances(covariances, covariance_type)
    weights_bar = logits_bar / weights
    return (ratio_2, means, total_2), (weights_bar, means_bar)
