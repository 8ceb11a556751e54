# One image for all Python services; docker-compose.yml sets the service of each container.
# How to build it: docs/how-to/run-with-docker-compose.md. deploy/compose/check-image builds and checks it.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/runtime.txt /build/
# A pip.conf and certificates can be given as build secrets, which no layer keeps.
RUN --mount=type=secret,id=pip-conf,target=/etc/pip.conf \
    --mount=type=secret,id=pip-ca,target=/run/secrets/pip-ca \
    set -eu; \
    if [ -s /run/secrets/pip-ca ]; then export PIP_CERT=/run/secrets/pip-ca; fi; \
    python3 -m venv /venv; \
    /venv/bin/pip install --require-hashes --only-binary :all: --no-deps --no-compile --requirement /build/runtime.txt; \
    /venv/bin/pip uninstall --quiet --yes setuptools pip
COPY . /app
# The file system is read-only later, so bytecode is compiled now, unchecked, because sources do not change.
RUN rm -r /app/requirements; \
    /venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /venv/lib /app

FROM ${BASE_IMAGE}
COPY --from=build /venv /venv
COPY --from=build /app /app
# A new volume takes owner and rights of the folder that it covers; 1883 is Mosquitto's user in its image.
RUN install -d -o 1883 -g 1883 -m 0700 /accounts
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TZ=UTC \
    XDG_CACHE_HOME=/tmp
WORKDIR /app
# A number, so that an orchestrator can verify that it is not root. It owns no file.
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["python", "deploy/compose/admin.py", "--help"]
