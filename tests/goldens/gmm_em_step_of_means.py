# The lecture's step of EM, in which the means alone are unknown.
# mode: both
# file: gmm/em.py
# function: em_step_of_means
# wrt: means
# absent: unbroadcast as_like broadcast_like np.copy _t_
# at: np.array([[0.3, -0.8], [1.1, 0.4]]), np.cos(np.arange(12.0)).reshape(6, 2), 0.7


# output

def responsibilities_gradient_forward(logits, log_densities, dlog_densities):
    """Probability of each component given each point, (k, n): a derivative of the log-likelihood.

    With l = sum_j log sum_k w_k exp(a_kj), the derivative of l in a_kj is
    w_k exp(a_kj) / sum_i w_i exp(a_ij), which is Bayes' formula.
    """
    shifted = logits - np.max(logits)
    log_joint = (shifted - np.log(np.sum(np.exp(shifted))))[:, None] + log_densities
    peak = np.max(log_joint, axis=0)
    exp_value = np.exp(log_joint - peak)
    product = exp_value * dlog_densities
    sum_exp_value = np.sum(exp_value, axis=0)
    # return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))
    sum_exp_value_bar = 1.0 / sum_exp_value
    return (
        sum_exp_value_bar * exp_value,
        sum_exp_value_bar * product
        - np.sum(product, axis=0) * sum_exp_value_bar / sum_exp_value * exp_value,
    )


def em_step_of_means_forward(means, X, variance, dmeans):
    """Take one step of EM where only the means are unknown.

    All components are equally likely, and all have the same known variance along every axis.
    """
    unit = np.sqrt(variance)
    difference = (X / unit)[None, :, :] - (means / unit)[:, None, :]
    product = -0.5 * np.sum(2.0 * difference * -(dmeans / unit)[:, None, :], axis=2)
    log_densities = -0.5 * np.sum(
        difference ** 2, axis=2
    ) - 0.5 * difference.shape[2] * np.log(2 * np.pi)
    resp, dresp = responsibilities_gradient_forward(
        np.zeros(means.shape[0]), log_densities, product
    )
    item = np.sum(resp, axis=1)[:, None]
    out = resp @ X / item
    dout = dresp @ X / item - np.sum(dresp, axis=1)[:, None] * out / item
    return out, dout


def responsibilities_gradient_record(logits, log_densities):
    """Probability of each component given each point, (k, n): a derivative of the log-likelihood.

    With l = sum_j log sum_k w_k exp(a_kj), the derivative of l in a_kj is
    w_k exp(a_kj) / sum_i w_i exp(a_ij), which is Bayes' formula.
    """
    shifted = logits - np.max(logits)
    log_joint = (shifted - np.log(np.sum(np.exp(shifted))))[:, None] + log_densities
    peak = np.max(log_joint, axis=0)
    exp_value = np.exp(log_joint - peak)
    sum_exp_value = np.sum(exp_value, axis=0)
    # return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))
    sum_exp_value_bar = 1.0 / sum_exp_value
    return sum_exp_value_bar * exp_value, exp_value, sum_exp_value_bar, sum_exp_value


def responsibilities_gradient_pullback(exp_value, ratio, sum_value, log_densities_bar_bar):
    # return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))
    exp_value_bar = (
        log_densities_bar_bar * ratio
        - np.sum(log_densities_bar_bar * exp_value, axis=0) * ratio / sum_value
    )
    return exp_value_bar * exp_value


def em_step_of_means_reverse(means, X, variance, out_bar):
    """Take one step of EM where only the means are unknown.

    All components are equally likely, and all have the same known variance along every axis.
    """
    unit = np.sqrt(variance)
    difference = (X / unit)[None, :, :] - (means / unit)[:, None, :]
    log_densities = -0.5 * np.sum(
        difference ** 2, axis=2
    ) - 0.5 * difference.shape[2] * np.log(2 * np.pi)
    resp, exp_value, ratio, sum_value = responsibilities_gradient_record(
        np.zeros(means.shape[0]), log_densities
    )
    item = np.sum(resp, axis=1)[:, None]
    out = resp @ X / item
    # return resp @ X / np.sum(resp, axis=1)[:, None]
    resp_bar = out_bar / item @ X.T - np.sum(out_bar * out / item, axis=1)[:, None]
    # resp = responsibilities(np.zeros(means.shape[0]), log_densities)
    log_densities_bar = responsibilities_gradient_pullback(exp_value, ratio, sum_value, resp_bar)
    return out, np.sum(difference * log_densities_bar[..., None], axis=1) / unit
