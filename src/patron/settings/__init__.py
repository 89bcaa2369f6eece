"""Settings: a TOML file read into the same frozen values that a Python user builds.

A mistake in the file is told with its line, its key, what was got and how to mend it, before any table is
opened.
"""

from patron.settings.files import load, template
from patron.settings.identity import Identity
from patron.settings.panels import OpenedPanel, PanelFile
from patron.settings.plain import describe
from patron.settings.registry import RegistrySettings
from patron.settings.subscriptions import Subscriptions
from patron.settings.values import FOR_HISTORY, Attributes, Settings, Table

__all__ = [
    "FOR_HISTORY",
    "Attributes",
    "Identity",
    "OpenedPanel",
    "PanelFile",
    "RegistrySettings",
    "Settings",
    "Subscriptions",
    "Table",
    "describe",
    "load",
    "template",
]
