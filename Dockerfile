# The gateway, and the stand-in for the new API. To pin the base: --build-arg BASE=python@sha256:...
# Built and run for real by scripts/image; read by tests/deploy/test_dockerfile.py.
ARG BASE=python:3.13-slim

FROM ${BASE} AS builder
WORKDIR /build
COPY requirements/ requirements/
RUN python -m venv tools \
    && tools/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && python -m venv --without-pip /app \
    && tools/bin/pip --python /app/bin/python install --no-cache-dir --require-hashes \
        -r requirements/runtime.txt
COPY LICENSE README.md pyproject.toml ./
COPY mappings/ mappings/
COPY proxy/ proxy/
COPY sandbox/ sandbox/
RUN tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /app/bin/python install --no-cache-dir --no-deps dist/*.whl

FROM ${BASE}
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="passerelle" \
    org.opencontainers.image.description="Lets applications written for an old API keep working against the new one." \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.base.name="${BASE}"
ENV PATH="/app/bin:${PATH}" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PASSERELLE_DATA_DIR=/data
COPY --from=builder /app /app
# What is remembered: mount a volume here, or name a PostgreSQL by PASSERELLE_STORE_URL.
RUN install -d -o 65532 -g 65532 -m 0700 /data
VOLUME /data
# A number, so that an orchestrator can tell that it is not root.
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whatever proxy the environment names, this call stays inside. It shows that the process answers, not
# who it is: hence no verification.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, ssl; from urllib.request import HTTPSHandler, ProxyHandler, build_opener; s = 's' * bool(os.environ.get('PASSERELLE_TLS_CERTIFICATE')); build_opener(ProxyHandler({}), HTTPSHandler(context=ssl._create_unverified_context())).open(f'http{s}://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["passerelle"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
