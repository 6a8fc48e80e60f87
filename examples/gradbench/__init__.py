"""The workloads of the public suite GradBench, differentiated by adxform and, beside it, by others.

    python -m examples.gradbench

Each workload is a module: ``primal`` is a plain function, written from the public description of
the mathematics; ``inputs`` draws its arguments for a size, of which ``SIZES`` holds some; and
``derivative`` gives, for a backend, what is timed. ADBench (Srajer, Kukelova and Fitzgibbon 2018)
describes gmm, ba, ht and lstm; cmpad det, ode and llsq; Siskind and Pearlmutter particle and
saddle.
"""
