# Builds Firn and packs what it needs at run time.
#
#   docker build -t firn .
#   docker run -p 127.0.0.1:9797:9797 -v firn-data:/data firn
#
# Every setting is also an environment variable (docker run -e FIRN_RETENTION=90d ...). Inside the
# container Firn listens on all addresses; which of them others reach is said by -p.

FROM debian:bookworm AS build
WORKDIR /src
# Before the sources, so that the packages are installed once and not after each change.
COPY tools/install-deps tools/install-deps
RUN tools/install-deps && apt-get install -y -qq --no-install-recommends git >/dev/null
COPY . .
RUN cmake --preset release && cmake --build --preset release --target firn \
  && strip --strip-debug build/release/firn && cmake --install build/release --prefix /out

FROM debian:bookworm-slim
# The packages that `ldd` shows; tests/image holds this list to it.
RUN apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    libabsl20220623 \
    libcrypt1 \
    libfmt9 \
    libjemalloc2 \
    libre2-9 \
    librocksdb7.8 \
    libsimdjson14 \
    libsnappy1v5 \
    libspdlog1.10 \
    libssl3 \
    libstdc++6 \
    libyaml-cpp0.7 \
    zlib1g \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 9797 firn \
  && useradd --uid 9797 --gid 9797 --no-create-home --shell /usr/sbin/nologin firn \
  && install -d -o firn -g firn -m 0750 /data
# The program, its manual pages and completion scripts.
COPY --from=build /out/ /usr/local/
USER firn
WORKDIR /data
VOLUME /data
EXPOSE 9797
# Asks through the whole of the server; exit code 3 if it does not answer. A server with TLS or
# users needs FIRN_CLIENT_SERVER and the like, see docs/operations.md.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["firn", "query", "vector(1)"]
ENTRYPOINT ["firn"]
CMD ["serve", "--listen", "0.0.0.0:9797", "--data", "/data"]
