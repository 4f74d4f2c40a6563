"""`pdl reproduce` of six parts by two processes; run as a script by test_trial.py."""

from __future__ import annotations

import sys
import time
import types
from functools import partial
from pathlib import Path

from pdl.cli.app import app
from pdl.experiments.registry import EXPERIMENTS, Experiment, Outcome
from pdl.experiments.trial import Trial, run_trials


def compute(checkpoint, report, *, part, log):
    with (log / "begun").open("a") as file:
        file.write(f"{part}\n")
    time.sleep(0.4)
    return {"part": part}


def run(seed, progress, log):
    trials = [Trial(f"part {each}", {}, partial(compute, part=each, log=log)) for each in range(6)]
    found = run_trials("demo", trials, progress)
    return Outcome({"sum": sum(each["part"] for each in found)}, {}, {})


def main(log):
    module = types.ModuleType("demo_experiment")
    module.run = partial(run, log=log)
    sys.modules["demo_experiment"] = module
    EXPERIMENTS["demo"] = Experiment("demo_experiment", "six parts", "quick")
    app(["reproduce", "demo", "--workers", "2", "--output", str(log / "demo.json")])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
