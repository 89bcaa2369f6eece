"""The registry: where runs and models are kept, and which version is champion; the only importer of mlflow.

    train -> log_run -> register -> request -> approve -> promote -> champion -> score
                                                            └── rollback

Who moved which champion when, instead of which and why, stands in the audit log, as what was requested or refused does.

A registered model is code and text: one Python file that needs numpy, pandas and lightgbm, and a bundle of
JSON and LightGBM text. It holds no pickle, needs no Patron to be loaded, and carries no customer's row.
mlflow takes seconds to import, so it is imported when a store is first used, with its telemetry off.
"""

from patron.registry.addresses import server_address
from patron.registry.approvals import needed
from patron.registry.audit import Promotion, moves, pending
from patron.registry.carrying import export_model, import_model
from patron.registry.contests import CONTEST, Contest, allowed, between, kept
from patron.registry.page import page_lines, serve_page, ui_command
from patron.registry.registry import TRAINING, Registry
from patron.registry.runs import DataSet
from patron.registry.versions import Champion, Version

__all__ = [
    "CONTEST",
    "TRAINING",
    "Champion",
    "Contest",
    "DataSet",
    "Promotion",
    "Registry",
    "Version",
    "allowed",
    "between",
    "export_model",
    "import_model",
    "kept",
    "moves",
    "needed",
    "page_lines",
    "pending",
    "serve_page",
    "server_address",
    "ui_command",
]
