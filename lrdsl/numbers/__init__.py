"""From a plan to levels: one at a time, by the array, or traced by JAX, Keras and torch."""
