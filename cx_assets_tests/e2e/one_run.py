"""`python -m cx_assets_tests.e2e.one_run JOB FIRST LAST`: one range run, to be killed."""

import sys

import dagster as dg

from cx_assets.instance import prepare_home
from cx_assets.periods import SETTINGS
from cx_assets_tests.e2e.graph import build

if __name__ == "__main__":
    prepare_home(SETTINGS)
    with dg.DagsterInstance.get() as instance:
        job, first, last = sys.argv[1:]
        build(SETTINGS, first, last, job, instance)
