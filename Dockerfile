# mock-solusio with the dependencies of uv.lock. docs/containers.md shows how to use it.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir --quiet uv==0.13.8
ENV UV_PROJECT_ENVIRONMENT=/opt/mock-solusio \
    UV_PYTHON=python3 \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1
WORKDIR /source
# The dependencies have a layer of their own: it stays the same until uv.lock changes.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN /uv/bin/uv sync --quiet --frozen --no-default-groups --extra fuzz --no-install-project
COPY contracts contracts
COPY mock_solusio mock_solusio
COPY reference reference
RUN /uv/bin/uv sync --quiet --frozen --no-default-groups --extra fuzz --no-editable

FROM ${BASE}
# tini is process 1: it passes signals on and buries orphans, such as what a command of an adapter left behind.
# The base decides the version.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 solusio \
    && useradd --uid 10001 --gid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin solusio
COPY --from=build /opt/mock-solusio /opt/mock-solusio
ENV PATH=/opt/mock-solusio/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
EXPOSE 8008
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8008/_mock/health', timeout=2)"]
ENTRYPOINT ["tini", "--", "mock-solusio"]
CMD ["serve", "--host", "0.0.0.0"]
