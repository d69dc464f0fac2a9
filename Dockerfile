# linernotes as a command: a virtual environment from hashed requirements, run by a user who owns nothing in it.
# The tag moves with Python's and Debian's security fixes, which a digest would leave out: rebuild with --pull.
ARG PYTHON=python:3.11-slim
FROM ${PYTHON} AS built
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/linernotes
COPY requirements.txt /source/
RUN /opt/linernotes/bin/pip install --require-hashes -r /source/requirements.txt
COPY pyproject.toml README.md LICENSE /source/
COPY mappings /source/mappings
COPY queries /source/queries
COPY indexer /source/indexer
COPY linernotes /source/linernotes
RUN /opt/linernotes/bin/pip install --no-deps --no-build-isolation /source

FROM ${PYTHON}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin linernotes
COPY --from=built /opt/linernotes /opt/linernotes
ENV PATH=/opt/linernotes/bin:$PATH LINERNOTES_HOME=/tmp/linernotes PYTHONDONTWRITEBYTECODE=1
USER 10001
ENTRYPOINT ["linernotes"]
CMD ["--help"]
