"""Digits data, small numpy networks and the epoch loop shared by every example run."""

from __future__ import annotations

import hashlib
import json
import math
import time
import tracemalloc
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    from collections.abc import Iterator

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CLASSES: Final = 10
IMAGE_SIDE: Final = 8
MAX_PIXEL: Final = 16.0
SPLIT_SEED: Final = 0
TRAIN_EXAMPLES: Final = 1000
TEST_EXAMPLES: Final = 400
LATENCY_CALLS: Final = 50
BATCH_LOSS_EVERY: Final = 50
BYTES_PER_MIB: Final = 2**20


@dataclass(frozen=True)
class TrainingVersion:
    """Behaviour of the training code that is no hyperparameter of a run."""

    weight_init: str
    gradient_clip: float

    def digest(self) -> str:
        """Return 40 hex digits derived from the content of this block."""
        block = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha1(block.encode(), usedforsecurity=False).hexdigest()


# The two versions of the training code that the runs used. A run is tagged with the SHA-1 of its
# block, so two runs carry the same 40 hex digits exactly if they ran under the same settings.
TRAINING_VERSIONS: Final = {
    "v1": TrainingVersion(weight_init="uniform", gradient_clip=math.inf),
    "v2": TrainingVersion(weight_init="he_normal", gradient_clip=2.0),
}


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the losses and accuracies of one run."""

    method: str | None = None
    hidden_units: int = 64
    optimizer: str = "momentum"
    learning_rate: float = 0.02
    lr_schedule: str = "cosine"
    batch_size: int = 32
    epochs: int = 40
    weight_decay: float = 1e-4
    dropout: float = 0.0
    input_noise: float = 0.0
    augment: bool = False
    train_fraction: float = 0.6
    seed: int = 0
    training_version: str = "v1"

    @property
    def version(self) -> TrainingVersion:
        """Return the version of the training code that this run uses."""
        return TRAINING_VERSIONS[self.training_version]

    def params(self) -> dict[str, str | int | float | bool]:
        """Return the hyperparameters as a logger writes them; a method only if it has a name."""
        values = asdict(self)
        del values["training_version"]
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Split:
    """Examples of one part of the data; ids are row numbers of ``load_digits``."""

    name: str
    features: FloatArray
    labels: IntArray
    ids: IntArray


@dataclass(frozen=True)
class Digits:
    """The fixed train, validation and test parts that all runs share."""

    train: Split
    augmented: Split
    validation: Split
    test: Split

    def train_pool(self, config: RunConfig) -> Split:
        """Return the examples that the run draws its training examples from."""
        return self.augmented if config.augment else self.train

    def train_examples(self, config: RunConfig) -> Split:
        """Draw a share of the pool: equal seeds get equal images, whatever the method."""
        rng = np.random.default_rng([config.seed, SPLIT_SEED])
        count = round(config.train_fraction * len(self.train.ids))
        chosen = rng.choice(self.train.ids, size=count, replace=False)
        pool = self.train_pool(config)
        rows = np.isin(pool.ids, chosen)
        return Split(pool.name, pool.features[rows], pool.labels[rows], pool.ids[rows])


@dataclass(frozen=True)
class EpochRecord:
    """What happened in one epoch."""

    step: int
    metrics: dict[str, float]
    batch_losses: list[tuple[int, float]]


@dataclass(frozen=True)
class Outcome:
    """Test results and the trained arrays of a run that reached its last epoch."""

    step: int
    metrics: dict[str, float]
    ids: IntArray
    labels: IntArray
    predictions: IntArray
    confidences: FloatArray
    arrays: dict[str, npt.NDArray[np.float32]]

    def confusion(self) -> IntArray:
        """Count test examples by true class (row) and predicted class (column)."""
        matrix = confusion_matrix(self.labels, self.predictions, labels=range(CLASSES))
        return np.asarray(matrix, dtype=np.int64)


def load_data() -> Digits:
    """Split scikit-learn's bundled digits into fixed, stratified parts."""
    features, labels = load_digits(return_X_y=True)
    features = np.asarray(features, dtype=np.float64) / MAX_PIXEL
    labels = np.asarray(labels, dtype=np.int64)
    ids = np.arange(len(labels), dtype=np.int64)
    rest, test = train_test_split(ids, test_size=TEST_EXAMPLES, stratify=labels, random_state=SPLIT_SEED)
    train, validation = train_test_split(
        rest, train_size=TRAIN_EXAMPLES, stratify=labels[rest], random_state=SPLIT_SEED
    )
    parts = {
        name: Split(name, features[index], labels[index], index)
        for name, index in (
            ("digits-train", train),
            ("digits-validation", validation),
            ("digits-test", test),
        )
    }
    return Digits(
        train=parts["digits-train"],
        augmented=shifted_copies(parts["digits-train"]),
        validation=parts["digits-validation"],
        test=parts["digits-test"],
    )


def shifted_copies(split: Split) -> Split:
    """Add four copies of each image, moved by one pixel up, down, left and right."""
    padded = np.pad(split.features.reshape(-1, IMAGE_SIDE, IMAGE_SIDE), ((0, 0), (1, 1), (1, 1)))
    copies = [
        padded[:, row : row + IMAGE_SIDE, column : column + IMAGE_SIDE]
        for row, column in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    ]
    return Split(
        name=f"{split.name}-shifted",
        features=np.concatenate(copies).reshape(-1, IMAGE_SIDE**2),
        labels=np.tile(split.labels, len(copies)),
        ids=np.tile(split.ids, len(copies)),
    )


def softmax(logits: FloatArray) -> FloatArray:
    """Return class probabilities by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def cross_entropy(probabilities: FloatArray, labels: IntArray) -> float:
    """Return the mean negative log likelihood of the true classes."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, np.finfo(np.float64).tiny)).mean())


class Network:
    """A softmax classifier with no hidden layer or one ReLU layer."""

    def __init__(self, config: RunConfig, rng: np.random.Generator) -> None:
        """Draw the first weights in the way of the run's training version."""
        hidden = [config.hidden_units] if config.hidden_units else []
        sizes = [IMAGE_SIDE**2, *hidden, CLASSES]
        self.dropout = config.dropout
        self.weights: list[FloatArray] = []
        self.biases: list[FloatArray] = []
        for fan_in, fan_out in pairwise(sizes):
            self.weights.append(first_weights(config.version.weight_init, fan_in, fan_out, rng))
            self.biases.append(np.zeros(fan_out))

    def parameters(self) -> list[FloatArray]:
        """Return the arrays that an optimizer changes in place."""
        return [*self.weights, *self.biases]

    def probabilities(self, inputs: FloatArray) -> FloatArray:
        """Return class probabilities by row, without dropout."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            inputs = np.maximum(inputs @ weight + bias, 0.0)
        return softmax(inputs @ self.weights[-1] + self.biases[-1])

    def gradients(
        self, inputs: FloatArray, labels: IntArray, rng: np.random.Generator
    ) -> tuple[float, list[FloatArray]]:
        """Return the loss of a batch and its gradients in the order of ``parameters``."""
        layers = [inputs]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            hidden = np.maximum(layers[-1] @ weight + bias, 0.0)
            if self.dropout:
                kept = rng.random(hidden.shape) >= self.dropout
                hidden = hidden * kept / (1.0 - self.dropout)
            layers.append(hidden)
        probabilities = softmax(layers[-1] @ self.weights[-1] + self.biases[-1])
        loss = cross_entropy(probabilities, labels)
        error = probabilities.copy()
        error[np.arange(len(labels)), labels] -= 1.0
        error /= len(labels)
        weight_gradients: list[FloatArray] = []
        bias_gradients: list[FloatArray] = []
        for depth in reversed(range(len(self.weights))):
            weight_gradients.insert(0, layers[depth].T @ error)
            bias_gradients.insert(0, error.sum(axis=0))
            if depth:
                scale = 1.0 / (1.0 - self.dropout)
                error = (error @ self.weights[depth].T) * (layers[depth] > 0.0) * scale
        return loss, [*weight_gradients, *bias_gradients]


def first_weights(weight_init: str, fan_in: int, fan_out: int, rng: np.random.Generator) -> FloatArray:
    """Draw the first weights of one layer."""
    if weight_init == "he_normal":
        return rng.normal(0.0, math.sqrt(2.0 / fan_in), (fan_in, fan_out))
    limit = 1.0 / math.sqrt(fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


class Optimizer:
    """Plain SGD, SGD with momentum, or Adam, with weight decay added to the gradient."""

    MOMENTUM: Final = 0.9
    SECOND_MOMENT: Final = 0.999
    EPSILON: Final = 1e-8

    def __init__(self, config: RunConfig, parameters: list[FloatArray]) -> None:
        """Make room for the state of every parameter array."""
        self.name = config.optimizer
        self.weight_decay = config.weight_decay
        self.gradient_clip = config.version.gradient_clip
        self.parameters = parameters
        self.first = [np.zeros_like(array) for array in parameters]
        self.second = [np.zeros_like(array) for array in parameters]
        self.calls = 0

    def step(self, gradients: list[FloatArray], learning_rate: float) -> None:
        """Change the parameters by one batch's gradients."""
        self.calls += 1
        norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
        scale = self.gradient_clip / norm if norm > self.gradient_clip else 1.0
        for index, parameter in enumerate(self.parameters):
            gradient = gradients[index] * scale + self.weight_decay * parameter
            np.subtract(parameter, learning_rate * self._direction(index, gradient), out=parameter)

    def _direction(self, index: int, gradient: FloatArray) -> FloatArray:
        """Return the step for one array at a learning rate of one."""
        if self.name == "sgd":
            return gradient
        first = self.first[index]
        first *= self.MOMENTUM
        if self.name == "momentum":
            first += gradient
            return first
        first += (1.0 - self.MOMENTUM) * gradient
        second = self.second[index]
        second *= self.SECOND_MOMENT
        second += (1.0 - self.SECOND_MOMENT) * gradient**2
        mean = first / (1.0 - self.MOMENTUM**self.calls)
        spread = np.sqrt(second / (1.0 - self.SECOND_MOMENT**self.calls))
        return np.asarray(mean / (spread + self.EPSILON), dtype=np.float64)


# Factors of the learning rate, one for each epoch. Too short for a run of more than 18 epochs:
# that mistake is what stops the failed example run.
PIECEWISE_FACTORS: Final = (1.0,) * 6 + (0.3,) * 6 + (0.1,) * 6


def scheduled_rate(config: RunConfig, epoch: int) -> float:
    """Return the learning rate of an epoch; epochs count from one."""
    if config.lr_schedule == "piecewise":
        return config.learning_rate * PIECEWISE_FACTORS[epoch - 1]
    if config.lr_schedule == "constant":
        return config.learning_rate
    progress = (epoch - 1) / config.epochs
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))


class Training:
    """One run: ``epochs`` yields what happened, ``outcome`` tests the trained network."""

    def __init__(self, config: RunConfig, data: Digits) -> None:
        """Seed the random numbers and build the network."""
        self.config = config
        self.data = data
        self.train = data.train_examples(config)
        self.rng = np.random.default_rng(config.seed)
        self.network = Network(config, self.rng)
        self.optimizer = Optimizer(config, self.network.parameters())
        self.batches = 0
        self.elapsed = 0.0
        self.peak_bytes = 0

    def epochs(self) -> Iterator[EpochRecord]:
        """Train and validate, epoch by epoch; the caller's own time is not counted."""
        for epoch in range(1, self.config.epochs + 1):
            started = time.perf_counter()
            rate = scheduled_rate(self.config, epoch)
            tracemalloc.start()
            with np.errstate(all="ignore"):
                losses = self._train_epoch(rate)
                validation = evaluate(self.network, self.data.validation, "val")
            self.peak_bytes = max(self.peak_bytes, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            self.elapsed += time.perf_counter() - started
            yield EpochRecord(
                step=epoch,
                metrics={
                    "train/loss": float(np.mean([loss for _, loss in losses])),
                    **validation,
                    "learning_rate": rate,
                    "time/elapsed_s": self.elapsed,
                    "memory/peak_mib": (self.peak_bytes + self._resident_bytes()) / BYTES_PER_MIB,
                    "latency/ms_per_example": latency_ms(self.network, self.data.validation),
                },
                batch_losses=[pair for pair in losses if pair[0] % BATCH_LOSS_EVERY == 0],
            )

    def outcome(self) -> Outcome:
        """Evaluate the network on the test part."""
        test = self.data.test
        with np.errstate(all="ignore"):
            probabilities = self.network.probabilities(test.features)
            metrics = evaluate(self.network, test, "test")
        named = {
            **{f"weight_{i}": array for i, array in enumerate(self.network.weights)},
            **{f"bias_{i}": array for i, array in enumerate(self.network.biases)},
        }
        with np.errstate(all="ignore"):
            arrays = {name: array.astype(np.float32) for name, array in named.items()}
        return Outcome(
            step=self.config.epochs,
            metrics={name: metrics[name] for name in ("test/loss", "test/accuracy")},
            ids=test.ids,
            labels=test.labels,
            predictions=probabilities.argmax(axis=1),
            confidences=probabilities.max(axis=1),
            arrays=arrays,
        )

    def _train_epoch(self, rate: float) -> list[tuple[int, float]]:
        """Go through the training examples once; return the batch numbers and losses."""
        losses: list[tuple[int, float]] = []
        order = self.rng.permutation(len(self.train.labels))
        for start in range(0, len(order), self.config.batch_size):
            rows = order[start : start + self.config.batch_size]
            inputs = self.train.features[rows]
            if self.config.input_noise:
                inputs = inputs + self.rng.normal(0.0, self.config.input_noise, inputs.shape)
            loss, gradients = self.network.gradients(inputs, self.train.labels[rows], self.rng)
            self.optimizer.step(gradients, rate)
            self.batches += 1
            losses.append((self.batches, loss))
        return losses

    def _resident_bytes(self) -> int:
        """Count the arrays that exist before an epoch begins: data, parameters, state."""
        state = [*self.optimizer.parameters, *self.optimizer.first, *self.optimizer.second]
        parts = (self.train, self.data.validation)
        return sum(array.nbytes for array in state) + sum(part.features.nbytes for part in parts)


def evaluate(network: Network, split: Split, prefix: str) -> dict[str, float]:
    """Return loss, accuracy and F1 scores on one part of the data."""
    probabilities = network.probabilities(split.features)
    predictions = probabilities.argmax(axis=1)
    scores = f1_score(split.labels, predictions, labels=range(CLASSES), average=None, zero_division=0.0)
    return {
        f"{prefix}/loss": cross_entropy(probabilities, split.labels),
        f"{prefix}/accuracy": float((predictions == split.labels).mean()),
        f"{prefix}/f1_macro": float(np.mean(scores)),
        **{f"{prefix}/f1_class_{label}": float(score) for label, score in enumerate(scores)},
    }


def latency_ms(network: Network, split: Split) -> float:
    """Return the median milliseconds that the network needs for a single example."""
    seconds: list[float] = []
    with np.errstate(all="ignore"):
        for row in range(LATENCY_CALLS):
            started = time.perf_counter()
            network.probabilities(split.features[row : row + 1])
            seconds.append(time.perf_counter() - started)
    return float(np.median(seconds)) * 1000.0
