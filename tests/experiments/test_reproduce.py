"""`pdl reproduce`: it writes one whole record, or changes nothing."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
import types
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pdl._files import UnusableFileError
from pdl.cli.app import app
from pdl.data.errors import MissingDataError
from pdl.experiments import registry, reproduce
from pdl.experiments.registry import EXPERIMENTS, Experiment, Outcome
from pdl.experiments.resume import Cost, adopt, folder_of, once

KEYS = {
    *("name", "metrics", "intervals", "data", "seed", "profile", "hardware", "versions"),
    *("seconds", "commit", "command"),
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reproduce", *arguments])


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def results(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "results"
    folder.mkdir(parents=True)
    monkeypatch.setattr(reproduce, "RESULTS", folder)
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    return folder


def files(results):
    found = (each for each in results.parent.rglob("*") if each.is_file())
    return sorted(each.relative_to(results.parent).as_posix() for each in found)


class Stand:
    """An experiment named `demo`, in the place of the real ones."""

    def __init__(self, monkeypatch):
        self.seeds = []
        self.error = None
        self.weights = b"weights"
        self.load = 0.0
        self.score = 0.5
        self.work = lambda: None
        module = types.ModuleType("demo_experiment")
        module.run = self.run
        monkeypatch.setitem(sys.modules, "demo_experiment", module)
        known = {"demo": Experiment("demo_experiment", "shows how it is done", "full")}
        monkeypatch.setattr(registry, "EXPERIMENTS", known)
        monkeypatch.setattr(reproduce, "EXPERIMENTS", known)
        monkeypatch.setattr(reproduce, "_load_average", lambda: self.load)

    def run(self, seed, progress):
        self.seeds.append(seed)
        progress.advance(progress.add_task("working", total=1))
        if self.error is not None:
            raise self.error
        self.work()
        data = {"name": "none", "sha256": "0", "sizes": {}}
        return Outcome(
            {"score": self.score},
            {"score": [0.4, 0.6]},
            data,
            details={"a": 1},
            weights=self.weights,
        )


@pytest.fixture
def demo(monkeypatch):
    return Stand(monkeypatch)


def test_a_record_is_written_and_shown(demo, results):
    result = run("demo", "--seed", "4")
    assert result.exit_code == 0, result.output
    assert files(results) == ["results/demo.json", "weights/demo.safetensors"]
    record = json.loads((results / "demo.json").read_text("utf8"))
    assert record.keys() == KEYS | {"a", "processor_seconds"}
    assert record["command"] == "pdl reproduce demo --seed 4"
    assert (record["seed"], record["profile"], demo.seeds) == (4, "full", [4])
    assert "0.4 … 0.6" in result.output


def test_the_output_may_go_elsewhere(demo, results, tmp_path):
    path = tmp_path / "mine" / "found.json"
    assert run("demo", "--output", str(path)).exit_code == 0
    assert path.is_file()
    assert path.with_suffix(".safetensors").read_bytes() == b"weights"
    assert files(results) == []


def test_without_weights_there_is_no_file_of_them(demo, results):
    demo.weights = None
    assert run("demo").exit_code == 0
    assert files(results) == ["results/demo.json"]


def test_a_shared_machine_is_recorded_as_such(demo, results):
    demo.load = 3.0
    run("demo")
    note = json.loads((results / "demo.json").read_text("utf8"))["note"]
    assert note == "The machine was shared: up to 3.0 other processes wanted a core."


def test_ctrl_c_changes_no_file(demo, results):
    run("demo")
    before = {name: (results.parent / name).read_bytes() for name in files(results)}
    demo.error = KeyboardInterrupt()
    result = run("demo", "--seed", "1")
    assert result.exit_code == 130
    assert "Stopped; no file has changed." in result.output
    assert "Traceback" not in result.output
    assert {name: (results.parent / name).read_bytes() for name in files(results)} == before


def test_missing_data_are_an_error_and_not_a_traceback(demo, results):
    demo.error = MissingDataError("mnist is neither here nor there: put it into PDL_DATA_DIR")
    result = run("demo")
    assert result.exit_code == 1
    assert "demo: mnist is neither here nor there: put it into PDL_DATA_DIR" in result.output
    assert files(results) == []


def test_a_mistake_of_ours_is_not_hidden(demo, results):
    demo.error = ValueError("shapes differ")
    assert isinstance(run("demo").exception, ValueError)
    assert files(results) == []


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("a file/found.json", "cannot be written"),
        ("a folder", "is a folder; name a file"),
        ("found.safetensors", "found.safetensors would be the weights; let it end in .json"),
    ],
)
def test_a_place_that_cannot_be_written_is_noticed_before_the_work(
    demo, tmp_path, output, message, results
):
    (tmp_path / "a file").write_text("")
    (tmp_path / "a folder").mkdir()
    # By the function: the command's own checks know a part of these.
    with pytest.raises((OSError, ValueError), match=message):
        reproduce.reproduce("demo", output=tmp_path / output)
    assert demo.seeds == []


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("folder", ["results", "weights"])
def test_so_is_a_full_or_read_only_disk(demo, results, monkeypatch, folder, error):
    opened = Path.open

    def refuse(path, *arguments, **options):
        if path.parent.name == folder and arguments == ("wb",):
            raise OSError(error, os.strerror(error))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    result = run("demo")
    monkeypatch.undo()
    assert result.exit_code == 1
    assert f"{folder}/demo." in result.output and os.strerror(error) in result.output
    assert demo.seeds == [] and files(results) == []


def test_trying_a_place_leaves_what_is_there(demo, results):
    run("demo")
    (results / "demo.json").write_text("old")
    demo.error = MissingDataError("mnist")
    run("demo")
    assert (results / "demo.json").read_text() == "old"
    assert files(results) == ["results/demo.json", "weights/demo.safetensors"]


@pytest.mark.parametrize("weights", [b"new weights", None])
def test_a_result_whose_place_has_filled_up_is_kept_elsewhere(
    demo, results, monkeypatch, weights, tmp_path
):
    run("demo")
    before = {name: (results.parent / name).read_bytes() for name in files(results)}
    demo.score, demo.weights = 0.75, weights
    opened = Path.open

    def fill_up():
        def refuse(path, *arguments, **options):
            if path.parent == results and arguments == ("wb",):
                full()
            return opened(path, *arguments, **options)

        monkeypatch.setattr(Path, "open", refuse)

    demo.work = fill_up
    result = run("demo")
    assert result.exit_code == 1
    kept = tmp_path / "home" / "unfinished" / "demo"
    assert f"No space left on device; the result is kept in {kept}" in result.output
    assert json.loads((kept / "demo.json").read_text("utf8"))["metrics"] == {"score": 0.75}
    if weights is not None:
        assert (kept / "demo.safetensors").read_bytes() == weights
    # The weights too are as they were: they belong to the record.
    assert {name: (results.parent / name).read_bytes() for name in files(results)} == before


def test_where_nothing_can_be_written_the_record_is_shown(demo, results, monkeypatch):
    demo.work = lambda: monkeypatch.setattr(os, "fsync", full)
    result = run("demo")
    assert result.exit_code == 1
    assert '"score": 0.5' in result.output


def test_a_result_that_json_cannot_say_is_kept_too(demo, results, tmp_path):
    demo.score = float("nan")
    result = run("demo")
    kept = tmp_path / "home" / "unfinished" / "demo"
    assert isinstance(result.exception, ValueError)
    assert result.exception.__notes__ == [f"the result is kept in {kept}"]
    assert (kept / "demo.safetensors").read_bytes() == b"weights"
    assert files(results) == []


def test_the_seconds_are_those_of_all_runs_together(demo, results, monkeypatch):
    """Killed after the first of two parts, of 100 s and 20 s."""
    clock = {"now": 0.0}
    monkeypatch.setattr(time, "perf_counter", lambda: clock["now"])
    monkeypatch.setattr(time, "process_time", lambda: clock["now"] / 2)
    folder = folder_of("demo")

    def takes(seconds):
        def compute(checkpoint):
            clock["now"] += seconds
            return {}

        return compute

    def killed():
        once(folder, "first", {}, takes(100))
        raise KeyboardInterrupt

    def whole():
        once(folder, "first", {}, takes(100))
        once(folder, "second", {}, takes(20))

    demo.work = killed
    assert run("demo").exit_code == 130
    demo.work = whole
    assert run("demo").exit_code == 0
    record = json.loads((results / "demo.json").read_text("utf8"))
    assert (record["seconds"], record["processor_seconds"]) == (120, 60)
    run("demo")  # nothing is left to take over
    record = json.loads((results / "demo.json").read_text("utf8"))
    assert (record["seconds"], record["processor_seconds"]) == (120, 60)


def test_what_other_processes_did_is_counted(demo, results):
    """Of three parts, two by one process: 3 s of a processor each, while 5 s passed here too."""

    def adopted():
        for part, process in (("a", "one"), ("b", "another"), ("c", "one")):
            adopt(folder_of("demo"), part, {}, {}, Cost(100, 50), Cost(5, 3), process)

    demo.work = adopted
    assert run("demo").exit_code == 0
    record = json.loads((results / "demo.json").read_text("utf8"))
    assert record["workers"] == 2
    assert record["seconds"] == pytest.approx(300, abs=5)
    assert record["processor_seconds"] == pytest.approx(159, abs=5)


def test_a_damaged_file_of_ours_is_named_without_a_traceback(demo, results):
    demo.error = UnusableFileError("w.safetensors is damaged: delete it")
    result = run("demo")
    assert result.exit_code == 1
    assert "demo: w.safetensors is damaged: delete it" in result.output


def test_without_the_folder_of_results_nothing_is_started(demo, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "RESULTS", tmp_path / "absent")
    result = run("demo")
    assert result.exit_code == 1
    assert "--output" in result.output
    assert demo.seeds == []


def test_an_unknown_name_is_refused_with_the_known_ones():
    result = run("numpy-cnn")
    assert result.exit_code == 2
    words = " ".join(result.output.replace("│", " ").split())
    assert f"no experiment 'numpy-cnn'; there are: {', '.join(sorted(EXPERIMENTS))}" in words
    assert isinstance(result.exception, SystemExit)


def test_the_list(results):
    (results / "numpy-cnn-mnist.json").write_text("{}")
    result = run("--list")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.output.splitlines() if line.split()}
    assert lines.keys() >= EXPERIMENTS.keys()
    for name, experiment in EXPERIMENTS.items():
        assert experiment.description in lines[name]
    assert ("✓" in lines["numpy-cnn-mnist"], "✓" in lines["numpy-cnn-cells"]) == (True, False)
    assert run().exit_code == 2


def test_a_negative_seed_is_refused():
    assert run("numpy-cnn-cells", "--seed", "-1").exit_code == 2


def test_without_mnist_it_says_where_to_put_it(tmp_path, monkeypatch, results):
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    result = run("numpy-cnn-mnist")
    assert result.exit_code == 1
    assert "PDL_DATA_DIR" in result.output
    assert files(results) == []


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_what_is_recorded_has_all_keys(name):
    path = reproduce.RESULTS / f"{name}.json"
    record = json.loads(path.read_text("utf8"))
    assert record.keys() >= KEYS
    assert record["command"].startswith(f"pdl reproduce {name}")
    assert record["profile"] == EXPERIMENTS[name].profile
    assert record["intervals"].keys() <= record["metrics"].keys()
    for metric, (low, high) in record["intervals"].items():
        assert low <= record["metrics"][metric] + 1e-6 and record["metrics"][metric] <= high + 1e-6
    for data in record["data"] if isinstance(record["data"], list) else [record["data"]]:
        assert data.keys() == {"name", "sha256", "sizes"}
