"""The sides of the benchmark, one module each, run in a process and an environment of its own.

Of the benchmark they import `benchmarks.measure` alone, which needs the standard library only.
"""
