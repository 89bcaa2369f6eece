"""A model that answers with a feature: the least that a registry takes."""

import json
from pathlib import Path

COLUMN = [{"name": "orders", "dtype": "float64"}]
SERVING = """
class Bundle:
    @classmethod
    def load(cls, path):
        return cls()

    def predict(self, frame):
        return frame[["orders"]]
"""


def served_model(folder: Path) -> tuple[Path, Path]:
    """Write the model, and return its bundle and its serving file."""
    bundle, serving = folder / "bundle", folder / "serving.py"
    bundle.mkdir()
    (bundle / "spec.json").write_text(json.dumps({"features": COLUMN, "outputs": COLUMN}))
    serving.write_text(SERVING)
    return bundle, serving
