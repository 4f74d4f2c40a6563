"""What the trainings on blood cells come to: means over the folds, and differences fold by fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix

from pdl.experiments.blood.crops import CellCrops
from pdl.experiments.blood.training import to_blanks
from pdl.experiments.resume import Found
from pdl.metrics import log_loss, mean_interval, wilson_interval

CLASSES = 3
PLAIN = ("log_loss", "accuracy", "balanced_accuracy")
AT_SHARES = ("log_loss_at_training_shares", "log_loss_at_equal_shares")
# What is subtracted from what, and for which measures.
COMPARED = {
    ("all", "prior"): ("log_loss", "accuracy"),
    ("all_augmented", "all"): PLAIN,
    ("few", "prior"): ("log_loss",),
    ("few_augmented", "few"): PLAIN,
    ("older_recipe", "prior"): ("log_loss",),
    ("older_recipe", "all"): ("log_loss", "accuracy"),
    ("rare_weighted", "rare"): (*PLAIN, *AT_SHARES),
    ("blank", "prior"): ("log_loss",),
    ("swapped_axes", "all"): ("log_loss", "accuracy"),
    ("reshaped", "all"): ("log_loss", "accuracy"),
}
DRAWN = (32, 256)
OLDER_COUNTS = (252, 780, 449)

Row = dict[str, dict[str, Any]]


class Fold(NamedTuple):
    """One fold: the crops, and for each recipe what was found on the test crops.

    Attributes
    ----------
    seed : int
    train, test : CellCrops
    found : mapping of str to dict
        For each recipe ``answers`` (log-probabilities, N×3), ``train_counts``, ``losses``,
        ``seconds``, ``images``; for "all" also ``prior``, ``swapped_axes``, ``reshaped``.
    """

    seed: int
    train: CellCrops
    test: CellCrops
    found: Mapping[str, Found]


def report(
    folds: Sequence[Fold],
) -> tuple[dict[str, float], dict[str, list[float]], dict[str, Any]]:
    """Return metrics, intervals and details of the record.

    Parameters
    ----------
    folds : sequence of Fold
        Two or more, of the same recipes.
    """
    rows = [score_fold(fold) for fold in folds]
    metrics: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}

    def add(name: str, found: tuple[float, float, float]) -> None:
        metrics[name] = round(found[0], 6)
        intervals[name] = [round(each, 6) for each in found[1:]]

    for name in rows[0]:
        for measure in rows[0][name]["scores"]:
            values = [row[name]["scores"][measure] for row in rows]
            add(f"{name}_{measure}", mean_interval(values))
    for (first, second), measures in COMPARED.items():
        for measure in measures:
            differences = [
                row[first]["scores"][measure] - row[second]["scores"][measure] for row in rows
            ]
            add(f"{first}_minus_{second}_{measure}", mean_interval(differences))

    confusion = {name: sum(row[name]["confusion"] for row in rows) for name in rows[0]}
    right, total = int(np.trace(confusion["all"])), int(confusion["all"].sum())
    add("all_pooled_accuracy", wilson_interval(right, total))
    for drawn in DRAWN:
        add(f"right_{drawn}_of_{drawn}", wilson_interval(drawn, drawn))
        if drawn <= total:
            # Of all sets of so many answers, those that hold no wrong one.
            all_right = stats.hypergeom.pmf(drawn, total, right, drawn)
            metrics[f"share_of_{drawn}_all_right"] = float(all_right)
    for name in ("older_recipe", "blank"):
        # On the class prior every crop gets the answer that is most frequent.
        single = [np.count_nonzero(row[name]["confusion"].any(axis=0)) == 1 for row in rows]
        metrics[f"{name}_folds_with_one_answer"] = int(sum(single))
    images = np.concatenate([fold.test.images for fold in folds])
    metrics |= {
        "all_right": right,
        "all_answers": total,
        "blank_crops_share": round(float((~to_blanks(images).any(axis=(1, 2, 3))).mean()), 6),
        "know_nothing_log_loss": round(float(np.log(CLASSES)), 6),
        "reported_prior_log_loss": round(float(stats.entropy(OLDER_COUNTS)), 6),
    }
    return metrics, intervals, _details(folds, rows, confusion)


def score_fold(fold: Fold) -> Row:
    """The scores and the confusion matrix of each recipe, of the prior, of the wrong layouts."""
    everything = {name: found["answers"] for name, found in fold.found.items()}
    for name in ("prior", "swapped_axes", "reshaped"):
        everything[name] = fold.found["all"][name]
    row = {}
    for name, answers in everything.items():
        logs = np.array(answers, dtype=np.float64)
        row[name] = score(logs, fold.test.labels)
        if name.startswith("rare"):
            shares = {
                "log_loss_at_training_shares": fold.found[name]["train_counts"],
                "log_loss_at_equal_shares": np.ones(CLASSES),
            }
            for measure, each in shares.items():
                row[name]["scores"][measure] = log_loss(logs, fold.test.labels, each)
    return row


def score(logs: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, Any]:
    """Log-loss, accuracy, balanced accuracy and confusion matrix of some log-probabilities."""
    answers = logs.argmax(axis=1)
    return {
        "scores": {
            "log_loss": log_loss(logs, labels),
            "accuracy": float(accuracy_score(labels, answers)),
            "balanced_accuracy": float(balanced_accuracy_score(labels, answers)),
        },
        "confusion": confusion_matrix(labels, answers, labels=range(CLASSES)),
    }


def _details(
    folds: Sequence[Fold], rows: Sequence[Row], confusion: Mapping[str, NDArray[np.int64]]
) -> dict[str, Any]:
    speeds = {
        name: sum(fold.found[name]["images"] for fold in folds)
        / max(sum(fold.found[name]["seconds"] for fold in folds), 1e-9)
        for name in folds[0].found
    }
    return {
        "seeds": [
            {
                "seed": fold.seed,
                "train_images": len(np.unique(fold.train.smears)),
                "test_images": len(np.unique(fold.test.smears)),
                "train_crops": np.bincount(fold.train.labels, minlength=CLASSES).tolist(),
                "test_crops": np.bincount(fold.test.labels, minlength=CLASSES).tolist(),
                **{
                    name: {
                        **{key: round(each, 6) for key, each in one["scores"].items()},
                        "confusion": one["confusion"].tolist(),
                        **(
                            {
                                "train_counts": fold.found[name]["train_counts"],
                                "train_losses": fold.found[name]["losses"],
                            }
                            if name in fold.found
                            else {}
                        ),
                    }
                    for name, one in row.items()
                },
            }
            for fold, row in zip(folds, rows, strict=True)
        ],
        "confusion": {
            "rows": "truth",
            "columns": "answer",
            "counts": {name: counts.tolist() for name, counts in confusion.items()},
        },
        "images_per_second": {name: round(speed, 1) for name, speed in speeds.items()},
        "clock": "images_per_second is of training, on the wall, with two threads",
        "intervals_are": "Student's, over the folds: somewhat too short, since two folds share "
        "most of their training crops; of shares of answers, Wilson's",
    }
