"""Computes the levels of a plan: one at a time, by the array, or traced by JAX and Keras."""
