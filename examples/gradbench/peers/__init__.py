"""The workloads in the idiom of other tools, a module for each tool.

A function named like a workload takes its arguments, and gives what calls the function itself and
what calls its derivative; both take nothing and wait for the result.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read by TensorFlow at its import
