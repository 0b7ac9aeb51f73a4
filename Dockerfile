# Workers, slots and the command line: `docker build -t ringwatt .`; what answers requests, with a check of its health:
# `docker build --target serving -t ringwatt-serving .`. Both hold the same files.
# node:24.21.0-bookworm-slim is the version the bootstrap brings too; pin its digest where your registry gives one.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# The compiled kernels, as bin/kernels.mjs builds them where cargo is there.
FROM rust:1.95-slim-bookworm AS kernels
WORKDIR /build
COPY kernels ./
RUN cargo build --release --locked --package ringwatt-addon \
  && mkdir /kernels \
  && cp target/release/libringwatt_kernels.so /kernels/ringwatt-kernels.node \
  && echo '{"library":"ringwatt-kernels.node"}' > /kernels/built.json

FROM node:24.21.0-bookworm-slim AS runtime
ENV NODE_ENV=production RINGWATT_HOME=/home/node/ringwatt
WORKDIR /app
COPY --from=packages --chown=node:node /app/node_modules ./node_modules
COPY --from=kernels --chown=node:node /kernels ./.cache/kernels
COPY --chown=node:node package.json package-lock.json ./
COPY --chown=node:node src ./src
COPY --chown=node:node workflows ./workflows
COPY --chown=node:node activities ./activities
COPY --chown=node:node workers ./workers
COPY --chown=node:node schedules ./schedules
COPY --chown=node:node data ./data
RUN mkdir -p "$RINGWATT_HOME" && chown node:node "$RINGWATT_HOME" && chmod 700 "$RINGWATT_HOME"
USER node
VOLUME ["/home/node/ringwatt"]
# Node as process 1 does not reap what a killed worker leaves: run with --init (compose does).
ENTRYPOINT ["node"]

# Off loopback it wants a certificate (`certs --server NAMES` makes this one) and a key to let callers in by (`api-key`).
FROM runtime AS serving
EXPOSE 8000 8501 8500
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["node", "-e", "require('node:https').get({ port: 8000, path: '/health', rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["src/cli/main.ts", "serve", "--host=0.0.0.0", "--port=8000", "--rest-port=8501", "--grpc-port=8500", "--tls-cert=/home/node/ringwatt/serving/tls/cert.pem", "--tls-key=/home/node/ringwatt/serving/tls/key.pem"]

FROM runtime
CMD ["workers/pipeline-worker.ts"]
