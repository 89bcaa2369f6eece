"""The registry: where runs and models are kept, and which version is champion; the only importer of mlflow.

    train -> log_run -> register -> promote -> champion -> score
                                       └── rollback

A registered model is code and text: one Python file that needs numpy, pandas and lightgbm, and a bundle of
JSON and LightGBM text. It holds no pickle, needs no Patron to be loaded, and carries no customer's row.
mlflow takes seconds to import, so it is imported when a store is first used, with its telemetry off.
"""

from patron.registry.audit import Promotion
from patron.registry.page import serve_page, ui_command
from patron.registry.registry import TRAINING, Registry
from patron.registry.versions import Champion, Version

__all__ = ["TRAINING", "Champion", "Promotion", "Registry", "Version", "serve_page", "ui_command"]
