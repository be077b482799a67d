"""Keras 3, on any of its backends: `lrdsl.keras.Schedule` is a `LearningRateSchedule` that is saved with the model.

KERAS_BACKEND=torch python examples/digits_keras.py
"""

from __future__ import annotations

import tempfile

import keras
from sklearn.datasets import load_digits

import lrdsl.keras

SCHEDULE = "warmup(1ep) then hold(4ep) then cosine(rest, to=0.01x)"
EPOCHS, BATCH = 8, 64


def main() -> list[float]:
    """Train, save, load, and go on. Gives the accuracies of the two halves, and the rate that the loaded model goes on with."""
    keras.utils.set_random_seed(0)
    digits = load_digits()
    images, labels = digits.data / 16, digits.target
    rate = lrdsl.keras.Schedule(SCHEDULE, base=0.01, steps_per_epoch=-(-len(images) // BATCH), total_epochs=EPOCHS)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(10)])
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    first = model.fit(images, labels, BATCH, EPOCHS // 2, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/digits.keras")
        again = keras.models.load_model(f"{folder}/digits.keras")
    goes_on = float(again.optimizer.learning_rate)
    second = again.fit(images, labels, BATCH, EPOCHS // 2, verbose=0)
    accuracies = [first.history["accuracy"][-1], second.history["accuracy"][-1]]
    print(f"{SCHEDULE}: {accuracies[0]:.1%} after {EPOCHS // 2} epochs; loaded, it goes on with {goes_on:.4g} to {accuracies[1]:.1%}")
    return [*accuracies, goes_on]


if __name__ == "__main__":
    main()
