"""Trials: the same results wherever they run, and nothing is lost with a process that is killed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import psutil
import pytest
import torch
from distributed import LocalCluster
from rich.progress import Progress
from typer.testing import CliRunner

from pdl.cli.app import app
from pdl.experiments import registry, resume, workers
from pdl.experiments.registry import EXPERIMENTS, Experiment
from pdl.experiments.resume import Cost, folder_of
from pdl.experiments.trial import Trial, run_trials
from pdl.experiments.workers import WorkersError, on_dask, on_this_machine, workers_for

DEMO = Experiment("demo", "four small trainings", "quick")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home for what is unfinished, in which the trials leave word of what they do."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    monkeypatch.setitem(registry.EXPERIMENTS, "demo", DEMO)
    resume.start_counting()
    return tmp_path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two worker processes of one thread; their own home is another one than the tests'."""
    folder = tmp_path_factory.mktemp("dask")
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=":0",
        local_directory=str(folder),
        env={"PDL_HOME": str(folder / "home")},
    ) as found:
        yield found.scheduler_address


def make_trials(log: Path, count: int = 4, die_at: int | None = None) -> list[Trial]:
    """Trainings of a perceptron on numbers; one may die in the middle, the first time.

    A function within a function is sent to the processes, which cannot import this file.
    """

    def compute(checkpoint, report, *, seed):
        begun = f"{seed} {os.getpid()} {threading.get_ident()}"
        with (log / "begun").open("a") as file:
            file.write(begun + "\n")
        state = {"step": 0, "sum": 0.0}
        if checkpoint.exists():
            state = json.loads(checkpoint.read_text())
            (log / f"{seed} went on").write_text(str(state["step"]))
        torch.manual_seed(seed)
        draws = torch.randn(6)
        for step in range(state["step"], 6):
            torch.manual_seed(100 * seed + step)  # as `fit` does
            time.sleep(0.01)  # whoever shares the generator draws in between
            state = {
                "step": step + 1,
                "sum": state["sum"] + float(torch.rand(())) * float(draws[step]),
            }
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            checkpoint.write_text(json.dumps(state))
            report((step + 1) / 6)
            if seed == die_at and step == 2 and not (log / "died").exists():
                (log / "died").write_text("")
                os.kill(os.getpid(), signal.SIGKILL)
        return {"sum": state["sum"], "threads": torch.get_num_threads(), "process": os.getpid()}

    return [
        Trial(f"seed {each}", {"seed": each}, partial(compute, seed=each)) for each in range(count)
    ]


def run_demo(trials):
    progress = Progress(disable=True)
    found = run_trials("demo", trials, progress)
    assert progress.finished
    return found


def sums(found):
    return [each["sum"] for each in found]


def begun(home):
    return [int(line.split()[0]) for line in (home / "begun").read_text().splitlines()]


@pytest.fixture
def expected(home):
    """What comes of them one by one in this process."""
    found = run_demo(make_trials(home))
    assert {each["process"] for each in found} == {os.getpid()}
    resume.forget("demo")
    (home / "begun").unlink()
    resume.start_counting()
    return sums(found)


def test_several_processes_find_the_same_in_the_same_order(home, expected):
    with on_this_machine(workers=2) as count:
        found = run_demo(make_trials(home))
    assert count == 2
    assert sums(found) == expected
    assert os.getpid() not in {each["process"] for each in found}
    assert {each["threads"] for each in found} == {1}
    assert resume.other_processes() == len({each["process"] for each in found}) == 2
    assert resume.taken_over().seconds == 0  # it passed here
    assert resume.taken_over().processor_seconds > 0  # but that was another processor


def test_what_is_kept_is_not_computed_again_nor_sent(home, expected):
    run_demo(make_trials(home, count=2))
    with on_this_machine(workers=2):
        found = run_demo(make_trials(home, count=3))
    assert begun(home) == [0, 1, 2]
    assert sums(found) == expected[:3]
    # The third was the only one left: that is no reason to start a process.
    assert found[2]["process"] == os.getpid()


def test_a_process_that_is_killed_is_named_and_the_next_run_goes_on(home, expected):
    trials = make_trials(home, die_at=1)
    with pytest.raises(WorkersError, match="run it again"), on_this_machine(workers=2):
        run_demo(trials)
    kept = [each.stem for each in folder_of("demo").glob("*.json") if b"found" in each.read_bytes()]
    found = run_demo(trials)
    assert sums(found) == expected
    assert (home / "1 went on").read_text() == "3"
    repeated = {each for each in range(4) if begun(home).count(each) > 1}
    assert 1 in repeated and not {f"seed {each}" for each in repeated} & set(kept)


def test_a_dask_cluster_finds_the_same(home, expected, cluster):
    """Its workers share no folder with this process: what they found is kept here too."""
    with on_dask(cluster) as count:
        found = run_demo(make_trials(home))
        assert (count, sums(found)) == (2, expected)
        assert resume.other_processes() == 2
        assert {each["threads"] for each in found} == {1}
    assert run_demo(make_trials(home)) == found
    assert sorted(begun(home)) == [0, 1, 2, 3]
    assert resume.taken_over().processor_seconds > 0


def test_a_cluster_of_one_thread_is_a_cluster(home, expected):
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as single,
        on_dask(single.scheduler_address),
    ):
        found = run_demo(make_trials(home, count=1))
    assert sums(found) == expected[:1]
    assert found[0]["process"] != os.getpid()


def test_with_a_dask_worker_that_is_killed_nothing_is_lost(home, expected, cluster):
    trials = [
        Trial(each.name, {**each.settings, "killed": True}, each.compute)
        for each in make_trials(home, die_at=1)
    ]
    with on_dask(cluster):
        found = run_demo(trials)
    assert sums(found) == expected
    assert (home / "died").exists()
    assert (home / "1 went on").read_text() == "3"
    assert sorted(begun(home)) == [0, 1, 1, 2, 3]


def test_a_training_that_kills_every_dask_worker_is_named(cluster):
    tests = os.getpid()

    def compute(checkpoint, report):
        assert os.getpid() != tests
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(WorkersError, match="has killed several workers"), on_dask(cluster):
        run_demo([Trial("deadly", {}, compute)])


def test_threads_of_a_dask_worker_wait_for_each_other(home, expected):
    """PyTorch's generator is one a process."""
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=3, processes=False, dashboard_address=":0"
        ) as threads,
        on_dask(threads.scheduler_address),
    ):
        found = run_demo(make_trials(home))
    assert sums(found) == expected
    lines = (home / "begun").read_text().splitlines()
    assert len({line.split()[2] for line in lines}) > 1


def test_the_bar_moves_within_a_trial_that_runs_here():
    seen = []

    class Noted(Progress):
        def update(self, task, **options):
            seen.append(options["completed"])

    def compute(checkpoint, report):
        report(0.25)
        return {}

    trials = [Trial("a", {}, compute, work=8), Trial("b", {}, compute, work=4)]
    run_trials("demo", trials, Noted(disable=True))
    assert seen == [2, 8, 9, 12]


def test_afterwards_each_thread_computes_with_as_many_as_before(home):
    def seen() -> list[int]:
        found: list[int] = []
        other = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        other.start()
        other.join()
        return [torch.get_num_threads(), *found]

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run_trials("demo", make_trials(home, count=1), Progress(disable=True))
        assert seen() == [2, 2]
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("workers", [1, 2])
def test_each_has_its_experiments_threads(monkeypatch, workers):
    """In OpenMP and, where PyTorch has it inside, MKL, which threadpoolctl does not see."""
    monkeypatch.setitem(registry.EXPERIMENTS, "demo", DEMO._replace(threads=2))

    def ask(checkpoint, report, model):
        limits = re.findall(r"get_max_threads\(\) : (\d+)", torch.__config__.parallel_info())
        return {"threads": [torch.get_num_threads(), *map(int, limits)]}

    # As with a recipe, PyTorch is there before the training begins.
    compute = partial(ask, model=torch.nn.Identity())
    with on_this_machine(workers):
        found = run_demo([Trial(each, {}, compute) for each in "ab"])
    assert {threads for each in found for threads in each["threads"]} == {2}


def test_an_error_in_a_trial_goes_up(home):
    def compute(checkpoint, report):
        raise ValueError("shapes differ")

    with on_this_machine(workers=2), pytest.raises(ValueError, match="shapes differ"):
        run_demo([Trial(each, {}, compute) for each in "ab"])


def test_ctrl_c_ends_all_processes_and_the_next_run_goes_on(home):
    command = [sys.executable, str(Path(__file__).with_name("stopping.py")), str(home)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        deadline = time.monotonic() + 60
        while b"found" not in b"".join(map(Path.read_bytes, kept_files())):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Stopped; no file has changed." in output and "Traceback" not in output
    deadline = time.monotonic() + 10
    while (left := alive(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left
    done = {path.stem for path in kept_files() if b"found" in path.read_bytes()}
    assert 1 <= len(done) < 6

    again = subprocess.run(command, timeout=60, check=False, **options)
    assert again.returncode == 0, again.stdout
    assert json.loads((home / "demo.json").read_text())["metrics"] == {"sum": 15}
    counts = Counter((home / "begun").read_text().split())
    assert {f"part {each}" for each, count in counts.items() if count == 1} >= done
    assert kept_files() == []


def kept_files():
    return list(folder_of("demo").glob("part *.json"))


def alive(group):
    """The processes of a group, but for those that are over and that nobody has asked for."""
    found = []
    for each in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(each.pid) == group and each.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found


def test_afterwards_no_process_is_left():
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    with on_this_machine(workers=2):
        run_demo([Trial(each, {}, lambda checkpoint, report: {}) for each in "ab"])
    after = psutil.Process().children(recursive=True)
    assert {each.pid for each in after if "resource_tracker" not in str(each.cmdline())} <= before


def test_costs_add_up():
    assert Cost(1, 2).plus(Cost(3, 4)) == Cost(4, 6)
    assert Cost(1, None).plus(Cost(3, 4)) == Cost(4, None)


# where


def test_by_default_there_is_a_worker_for_each_core(monkeypatch):
    monkeypatch.setattr(workers, "cpu_count", lambda: 8)
    for experiment, expected in ((DEMO, 8), (DEMO._replace(threads=2), 4)):
        with workers_for(experiment) as count:
            assert count == expected
    with on_this_machine(threads=16) as count:
        assert count == 1
    with workers_for(DEMO._replace(timed=True)) as count:
        assert count == 1


@pytest.mark.parametrize("asked", [{"workers": 2}, {"dask": "tcp://127.0.0.1:1"}])
def test_what_is_timed_runs_alone(asked):
    assert EXPERIMENTS["mnist-fast"].timed
    with (
        pytest.raises(WorkersError, match="one after the other"),
        workers_for(EXPERIMENTS["mnist-fast"], **asked),
    ):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere.invalid:80", "no address"])
def test_where_no_scheduler_answers(monkeypatch, address):
    monkeypatch.setattr(workers, "PATIENCE", 1)
    result = CliRunner().invoke(app, ["reproduce", "numpy-cnn-digits", "--dask", address])
    assert result.exit_code == 1, result.output
    assert f"no Dask scheduler answers at {address}" in " ".join(result.output.split())


def test_a_cluster_without_workers(monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 1)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(WorkersError, match="has no worker: `dask worker "),
        on_dask(empty.scheduler_address),
    ):
        pass


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = CliRunner().invoke(app, ["reproduce", "numpy-cnn-digits", "--dask", "tcp://here:1"])
    assert result.exit_code == 1
    assert "pip install 'pdl[dask]'" in result.output
