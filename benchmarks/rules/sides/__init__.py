"""The sides of the benchmark, one module each, run in a process and an environment of its own.

Of the benchmark they import `benchmarks.measure` and `benchmarks.rules.found`, which need the
standard library only. Their arguments: the folder of the baskets, the support as baskets, the
longest set (0: any), and what the side itself takes.
"""
