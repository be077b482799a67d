"""JAX: `lrdsl.jax.schedule` is a schedule as optax takes them, compiled with the rest of the update.

python examples/digits_jax.py
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
from sklearn.datasets import load_digits

import lrdsl.jax

STEPS = 300
schedule = lrdsl.jax.schedule("warmup(10%) then cosine(rest, to=0.01x)", base=0.05, total_steps=STEPS)


def main() -> float:
    """Train a linear classifier with Adam. Gives the share that is read rightly."""
    digits = load_digits()
    images, labels = jnp.asarray(digits.data) / 16, jnp.asarray(digits.target)
    weights = {"w": jnp.zeros((64, 10)), "b": jnp.zeros(10)}
    optimizer = optax.adam(schedule)

    def loss_of(weights: dict[str, Any]) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(images @ weights["w"] + weights["b"], labels).mean()

    @jax.jit
    def update(weights: dict[str, Any], state: Any) -> tuple[dict[str, Any], Any, Any]:
        loss, gradients = jax.value_and_grad(loss_of)(weights)
        changes, state = optimizer.update(gradients, state)
        return optax.apply_updates(weights, changes), state, loss

    state = optimizer.init(weights)
    for step in range(STEPS):
        if step % 50 == 0:
            print(f"step {step:3}  lr {float(schedule(step)):.6f}  loss {float(loss_of(weights)):.4f}")
        weights, state, _ = update(weights, state)
    accuracy = float(((images @ weights["w"] + weights["b"]).argmax(1) == labels).mean())
    print(f"{accuracy:.1%} of the digits are read rightly")
    return accuracy


if __name__ == "__main__":
    main()
