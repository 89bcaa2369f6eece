# Patron with its loops compiled; settings, data and results are mounted at /business (docs/operations.md).
FROM python:3.13-slim
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 patron
WORKDIR /home/patron/source
COPY --chown=patron pyproject.toml constraints.txt README.md ./
COPY --chown=patron src src
RUN pip install --no-cache-dir --constraint constraints.txt .
USER patron
ENV NUMBA_CACHE_DIR=/home/patron/compiled MPLCONFIGDIR=/home/patron/.matplotlib
RUN python -c "from patron.jobs.preparing import compile_loops; compile_loops()"
WORKDIR /business
ENTRYPOINT ["patron"]
