"""Written effects: the table of what past campaigns showed, from the file that the settings name."""

from pathlib import Path

import pandas as pd

from patron.errors import SettingsError

__all__ = ["joined_effects", "written_effects"]

LINE = 'Give a Parquet or CSV file, [decisions] effects = "effects.parquet"'


def written_effects(path: Path | None) -> pd.DataFrame | None:
    """Return the table of learned effects, its customers as texts; None where the settings name none.

    Args:
        path: a Parquet or CSV file with customer, offer, kept, kept_low, kept_high and evidence.

    Raises:
        SettingsError: the file is not there, or cannot be read.
    """
    if path is None:
        return None
    if not path.is_file():
        raise SettingsError(
            f"There is no file of learned effects {path.name!r} ([decisions] effects). {LINE}, or leave it out: the "
            "effects of the offers are assumed then."
        )
    try:
        table = pd.read_csv(path, dtype={"customer": str}) if path.suffix == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The learned effects in {path.name!r} cannot be read: {type(error).__name__}. {LINE}."
        ) from None
    return table.assign(customer=table.customer.astype("str")) if "customer" in table else table


def joined_effects(written: pd.DataFrame | None, learned: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return both tables of effects as one; of an offer that the written one has, nothing of the other counts.

    >>> written, learned = pd.DataFrame({"offer": ["call"]}), pd.DataFrame({"offer": ["call", "mail"]})
    >>> joined_effects(written, learned).offer.tolist()
    ['call', 'mail']
    """
    if written is None or learned is None or "offer" not in written:
        return learned if written is None else written
    return pd.concat([written, learned[~learned.offer.isin(written.offer)]], ignore_index=True)
