# The workers and the command line: `docker build -t ringwatt .`
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

FROM node:24.21.0-bookworm-slim
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
CMD ["workers/pipeline-worker.ts"]
