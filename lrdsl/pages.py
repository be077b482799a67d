"""The files that come beside the code: the grammar, the documents and the examples. In a wheel they lie in `lrdsl/share/`, in a checkout in its top folder."""

from __future__ import annotations

from pathlib import Path

#: The documents, in the order in which to read them: the name for `lrdsl docs`, the file, and what is in it.
PAGES = {
    "readme": ("README.md", "what lrdsl is, and how to begin"),
    "tutorial": ("examples/tutorial.md", "ten minutes: from one line to a training run that resumes"),
    "cookbook": ("examples/cookbook.md", "schedules by task"),
    "questions": ("grammar/questions.md", "questions and traps: ticks, bases, boundaries"),
    "reference": ("grammar/reference.md", "the whole language"),
    "checking": ("grammar/checking.md", "`lrdsl check`: what it reads, settings, editors, CI"),
    "rules": ("grammar/rules.md", "every rule of `lrdsl check`"),
    "formulas": ("examples/formulas.md", "formulas, figures, tables and comparisons for a paper"),
    "papers": ("examples/papers.md", "the formulas of papers, beside those of lrdsl"),
    "coming-from": ("grammar/coming-from.md", "the text for every scheduler of other libraries"),
    "api": ("grammar/api.md", "the Python names"),
    "torch": ("examples/integrations/torch.md", "PyTorch: the loop, checkpoints, logging, metrics"),
    "distributed": ("examples/integrations/distributed.md", "DDP, FSDP and torch.distributed.checkpoint"),
    "lightning": ("examples/integrations/lightning.md", "Lightning"),
    "trainer": ("examples/integrations/trainer.md", "Hugging Face Trainer"),
    "accelerate": ("examples/integrations/accelerate.md", "Accelerate"),
    "hydra": ("examples/integrations/hydra.md", "Hydra, jsonargparse, pydantic and plain YAML"),
    "jax": ("examples/integrations/jax.md", "JAX and optax"),
    "keras": ("examples/integrations/keras.md", "Keras"),
    "mlx": ("examples/integrations/mlx.md", "MLX, and every library that takes a function of the step"),
}
#: All that comes beside the code: files of the top folder, and folders.
FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")
FOLDERS = ("grammar", "examples")


def beside(name: str) -> Path:
    """Returns the path of a file that comes beside the code."""
    installed = Path(__file__).parent / "share" / name
    return installed if installed.exists() else Path(__file__).parents[1] / name
