"""Settings files, read into the same frozen values that a Python user builds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from patron.decisions import CrmImport, Offer, Rules
from patron.engines.databases import is_remote
from patron.engines.spark import Spark
from patron.errors import SettingsError, listed
from patron.explanations.tested_levers import TestedLever
from patron.history.attribute_tables import ABOUT
from patron.history.event_tables import ROLES
from patron.history.identities.matching import Matching
from patron.history.joins import Join
from patron.history.subscriptions import CONTRACT_ROLES
from patron.history.tolerance import Tolerance
from patron.models.budgets import Budget
from patron.periods import Moment, Span, Split, cutoffs, instant, span
from patron.portfolio.core_alarm import Change
from patron.portfolio.interaction import ContactKinds
from patron.portfolio.relationship_types import FACETS, RelationshipType
from patron.portfolio.segments import Segment
from patron.portfolio.terms import PortfolioTerms
from patron.questions.contracts import cancellation, win_back
from patron.questions.kinds import TIERS, Churn, NextPurchase, Tier
from patron.questions.profit import CostModel
from patron.questions.question import Question, days_within
from patron.settings.checks import check
from patron.settings.identity import Identity
from patron.settings.keys import PANEL_ROLES, as_list
from patron.settings.panels import PanelFile
from patron.settings.pipelines import settings_of
from patron.settings.registry import RegistrySettings
from patron.settings.source import Source
from patron.settings.subscriptions import Subscriptions
from patron.settings.values import Attributes, Settings, Table

__all__ = ["load", "parse", "template"]

MONEY = ("budget", "holdout", "exploration", "value")
NOT_RULES = (*MONEY, "effects", "outcomes")
CODE = 3  # letters of a currency's code, which has the rate 1 in its own business


def load(path: str | Path) -> Settings:
    """Read a settings file, with every mistake told before any work begins.

    Paths in a TOML file are seen from its own folder; a pipeline is run as any Python file is.

    Args:
        path: a TOML file, which `template` shows, or a Python file with `settings = Settings(...)`.

    Raises:
        SettingsError: the file is not there, is no TOML, says something that Patron does not understand, or is a
            pipeline that fails or gives no settings.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "settings.toml"
    >>> _ = file.write_text(template())
    >>> load(file).question("churn").horizon.days
    90
    """
    file = Path(path)
    if not _is_there(file):
        there = listed(near.name for ending in ("toml", "py") for near in _near(file, ending))
        raise SettingsError(
            f"There is no settings file {str(file)!r}. TOML and Python files in its folder: {there}. "
            "Check the path, or begin with the text of patron.settings.template()."
        )
    return settings_of(file) if file.suffix == ".py" else _parsed(Source.of(file), file.resolve().parent)


def _near(file: Path, ending: str) -> list[Path]:
    return list(file.parent.glob(f"*.{ending}")) if _is_there(file.parent) else []


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except (OSError, ValueError):  # longer than any path, or with a sign that none has
        return False


def parse(name: str, text: str, folder: Path) -> Settings:
    """Read the text of a settings file.

    Args:
        name: of the file, for messages.
        text: its content.
        folder: from where its paths are seen.

    Raises:
        SettingsError: as `load`.
    """
    return _parsed(Source(name, text), folder)


def template() -> str:
    """Return a commented settings text to begin with.

    >>> template().splitlines()[1]
    'name = "shop"'
    """
    return Path(__file__).with_name("template.toml").read_text(encoding="utf-8")


def _parsed(source: Source, folder: Path) -> Settings:
    content = source.content()
    check(source, content)
    return _settings(source, content, folder)


def _settings(source: Source, content: Mapping[str, Any], folder: Path) -> Settings:
    panels = {name: _panel(declared, folder) for name, declared in content.get("panels", {}).items()}
    questions = tuple(Churn(span(panel.horizon)) for panel in panels.values()) or _questions(source, content)
    cutoffs = content.get("cutoffs", {})
    decisions = content.get("decisions", {})
    money: dict[str, Any] = {key: float(decisions[key]) for key in MONEY if key in decisions}
    return Settings(
        name=content["name"],
        tables={
            name: _table(declared, folder, content.get("currency", ""))
            for name, declared in content.get("tables", {}).items()
        },
        panels=panels,
        attributes={name: _attributes(declared, folder) for name, declared in content.get("attributes", {}).items()},
        subscriptions={
            name: _subscriptions(declared, folder) for name, declared in content.get("subscriptions", {}).items()
        },
        identity=_identity(source, content["identity"], folder) if "identity" in content else None,
        questions=questions,
        split=_split(source, cutoffs, questions) if cutoffs else None,
        root=folder / content.get("root", "."),
        out=folder / content.get("out", f"patron-out/{content['name']}"),
        score_at=instant(cutoffs["score"]) if "score" in cutoffs else None,
        offers=tuple(_offer(source, name, section) for name, section in content.get("offers", {}).items()),
        rules=_rules(source, content),
        effects=folder / decisions["effects"] if "effects" in decisions else None,
        crm=tuple(CrmImport(name, **section) for name, section in content.get("crm", {}).items()),
        tuning=Budget(**content.get("tuning", {})),
        contract=Tolerance(**content.get("contract", {})),
        levers={name: _lever(declared) for name, declared in content.get("levers", {}).items()},
        refits=content.get("drivers", {}).get("refits"),
        registry=RegistrySettings(**content.get("registry", {})),
        reasons_in_scores=content.get("scores", {}).get("reasons", False),
        portfolio=_portfolio(source, content.get("portfolio", {})),
        spark=Spark(**content["engine"]["spark"]) if "spark" in content.get("engine", {}) else None,
        outcomes=decisions.get("outcomes", False),
        **money,
        **{key: content[key] for key in ("seed", "top_reasons", "currency", "memory") if key in content},
    )


def _portfolio(source: Source, section: Mapping[str, Any]) -> PortfolioTerms:
    terms: dict[str, Any] = {key: span(section[key]) for key in ("since", "horizon") if key in section}
    plain = ("discount", "scores", "acquisition_cost", "outside_total", "referral_share", "suggestion_value")
    terms |= {key: section[key] for key in plain if key in section}
    with source.at("portfolio"):
        if "changes" in section:
            terms["changes"] = tuple(_change(source, name, about) for name, about in section["changes"].items())
        if "segments" in section:
            terms["segments"] = tuple(_segment(name, bounds) for name, bounds in section["segments"].items())
        if "types" in section:
            terms["types"] = tuple(_relationship_type(name, rule) for name, rule in section["types"].items())
        if "kinds" in section:
            terms["kinds"] = ContactKinds(
                **{kind: tuple(map(str.lower, words)) for kind, words in section["kinds"].items()}
            )
        return PortfolioTerms(**terms)


def _change(source: Source, name: str, about: Mapping[str, Any]) -> Change:
    if "on" not in about:
        raise source.wrong(
            ("portfolio", "changes", name), f'The change {name!r} has no day. Write {name!r} = {{ on = "2024-03-01" }}.'
        )
    return Change(name, instant(about["on"]), tuple(about.get("categories", ())))


def _relationship_type(name: str, rule: Mapping[str, Any]) -> RelationshipType:
    bounds = {facet: tuple(rule[facet]) for facet in rule if facet in FACETS}
    return RelationshipType(name, bounds, **{key: rule[key] for key in rule if key not in FACETS})


def _segment(name: str, bounds: Mapping[str, Any]) -> Segment:
    return Segment(name, **{score: tuple(within) for score, within in bounds.items()})


def _lever(declared: str | Mapping[str, Any]) -> str | TestedLever:
    return declared if isinstance(declared, str) else TestedLever(declared["words"], **declared["tested"])


def _table(declared: Mapping[str, Any], folder: Path, currency: str) -> Table:
    roles = {role: column for role, column in declared.items() if role in ROLES}
    others = {key: value for key, value in declared.items() if key not in (*ROLES, "path", "not_customers", "joins")}
    others |= {key: instant(declared[key]) for key in ("since", "until") if key in declared}
    if "rates" in declared and len(currency) == CODE:
        others["rates"] = {currency: 1.0} | declared["rates"]
    joins = tuple(Join(_source(folder, join["path"]), **_without_path(join)) for join in declared.get("joins", ()))
    return Table(_source(folder, declared["path"]), roles, **others, not_customers=_nobody(declared), joins=joins)


def _without_path(join: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in join.items() if key != "path"}


def _attributes(declared: Mapping[str, Any], folder: Path) -> Attributes:
    roles = {role: column for role, column in declared.items() if role in ABOUT}
    apart = (*ABOUT, "path", "leave_out", "not_customers")
    others = {key: value for key, value in declared.items() if key not in apart}
    gone, nobody = tuple(declared.get("leave_out", ())), _nobody(declared)
    return Attributes(_source(folder, declared["path"]), roles, **others, leave_out=gone, not_customers=nobody)


def _panel(declared: Mapping[str, Any], folder: Path) -> PanelFile:
    roles = {role: column for role, column in declared.items() if role in PANEL_ROLES}
    others = {key: value for key, value in declared.items() if key not in (*roles, "path", "left", "leave_out", "keep")}
    left, gone, keep = (tuple(as_list(declared.get(key, []))) for key in ("left", "leave_out", "keep"))
    others.setdefault("customer", "")
    return PanelFile(_source(folder, declared["path"]), roles=roles, left=left, leave_out=gone, keep=keep, **others)


def _subscriptions(declared: Mapping[str, Any], folder: Path) -> Subscriptions:
    roles = {role: column for role, column in declared.items() if role in CONTRACT_ROLES}
    others = {key: value for key, value in declared.items() if key not in (*CONTRACT_ROLES, "path", "not_customers")}
    if "until" in declared:
        others["until"] = instant(declared["until"])
    return Subscriptions(_source(folder, declared["path"]), roles, **others, not_customers=_nobody(declared))


def _source(folder: Path, path: str) -> Path | str:
    """Return a path as seen from the folder of the settings; a server's address is seen from anywhere."""
    return path if is_remote(path) else folder / path


def _identity(source: Source, declared: Mapping[str, Any], folder: Path) -> Identity:
    own = {key: value for key, value in declared.items() if key in {field.name for field in fields(Identity)}}
    rules = {key: value for key, value in declared.items() if key not in own}
    own |= {"path": folder / declared["path"], "silos": tuple(declared.get("silos", ()))}
    if isinstance(rules.get("never"), str):
        rules["never"] = folder / rules["never"]
    if not rules:
        return Identity(**own)
    if own["path"].suffix not in (".parquet", ".csv"):
        raise source.wrong(
            ("identity", "path"),
            f"patron identify writes Parquet or CSV, and [identity] path is {declared['path']!r}. Write for example "
            'path = "identities.parquet".',
        )
    with source.at("identity"):
        return Identity(**own, matching=Matching(**{"match": {}, **rules}, silos=own["silos"]))


def _nobody(declared: Mapping[str, Any]) -> tuple[str, ...] | None:
    return tuple(declared["not_customers"]) if "not_customers" in declared else None


def _questions(source: Source, content: Mapping[str, Any]) -> tuple[Question, ...]:
    sections = content["questions"]
    active = span(sections.get("active_in"))
    with source.at("costs"):
        costs = CostModel(**content.get("costs", {}))
    kinds: dict[str, Callable[[Mapping[str, Any]], Question]] = {
        "churn": lambda section: Churn(span(section["horizon"]), active),
        "next_purchase": lambda section: NextPurchase(
            span(section["horizon"]), active, within=days_within(section.get("within", NextPurchase.within))
        ),
        "tier": lambda section: _tier(section, active, costs),
        "cancellation": lambda section: cancellation(**section),
        "win_back": lambda section: win_back(**section),
    }
    questions = []
    for name in (name for name in sections if name != "active_in"):
        with source.at("questions", name):
            questions.append(kinds[name](sections[name]))
    return tuple(questions)


def _tier(section: Mapping[str, Any], active: Span, costs: CostModel) -> Tier:
    names = {key: section[key] for key in ("rest", "unprofitable") if key in section}
    thresholds = tuple(section.get("thresholds", ()))
    return Tier(span(section["horizon"]), active, (), costs, dict(section.get("tiers", TIERS)), thresholds, **names)


def _split(source: Source, section: Mapping[str, Any], questions: Sequence[Question]) -> Split:
    with source.at("cutoffs"):
        split = Split.of(*(_cutoffs(section[group]) for group in ("train", "valid", "test")))
        for question in questions:
            split.check_gap(question.horizon)
    return split


def _cutoffs(value: Any) -> Sequence[Moment]:
    return cutoffs(**value) if isinstance(value, Mapping) else as_list(value)


def _offer(source: Source, name: str, section: Mapping[str, Any]) -> Offer:
    with source.at("offers", name):
        return Offer(name=name, **section)


def _rules(source: Source, content: Mapping[str, Any]) -> Rules:
    capacities = {name: section["capacity"] for name, section in content.get("channels", {}).items()}
    others = {key: value for key, value in content.get("decisions", {}).items() if key not in NOT_RULES}
    offers = tuple(_offer(source, name, section) for name, section in content.get("offers", {}).items())
    with source.at("channels"):
        rules = Rules(capacities, **others)
        rules.check(offers)
    return rules
