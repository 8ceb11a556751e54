# One image for all Python services; docker-compose.yml says which of them a container is.
# How to build it: docs/how-to/run-with-docker-compose.md. deploy/compose/check-image builds it and tries it out.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/runtime.txt /build/
# Where pip finds packages is the builder's affair: a pip.conf and certificates may come as secrets, which no layer keeps.
RUN --mount=type=secret,id=pip-conf,target=/etc/pip.conf \
    --mount=type=secret,id=pip-ca,target=/run/secrets/pip-ca \
    set -eu; \
    if [ -s /run/secrets/pip-ca ]; then export PIP_CERT=/run/secrets/pip-ca; fi; \
    python3 -m venv /venv; \
    /venv/bin/pip install --require-hashes --only-binary :all: --no-compile --requirement /build/runtime.txt; \
    /venv/bin/pip uninstall --quiet --yes setuptools pip
COPY . /app
# The file system is read-only later, so bytecode is written now; nothing changes after that, so nothing is compared.
RUN rm -r /app/requirements; \
    /venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /venv/lib /app

FROM ${BASE_IMAGE}
COPY --from=build /venv /venv
COPY --from=build /app /app
# A fresh volume takes over owner and rights of the folder that it covers; 1883 is Mosquitto's own number in its image.
RUN install -d -o 1883 -g 1883 -m 0700 /accounts
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TZ=UTC \
    XDG_CACHE_HOME=/tmp
WORKDIR /app
# A number, so that an orchestrator can see that it is not root. No file belongs to it.
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["python", "deploy/compose/admin.py", "--help"]
