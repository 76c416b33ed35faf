# The sidecar in an image that holds nothing else: one static binary, and a model.
#
#     docker build --build-arg MODEL_NAME=sentence-transformers/all-MiniLM-L6-v2 -t t2v:sentence-transformers-all-MiniLM-L6-v2 .
#     docker build --target custom -t t2v:custom .                  without a model, see doc/images.md
#
# No `# syntax=` line, no heredoc, no COPY --link: older Docker and buildah build this too.

# What the compiler and models/fetch run on; it may have a digest: debian:bookworm-slim@sha256:...
ARG BASE=debian:bookworm-slim
FROM $BASE AS build
# path-include: the licences that NOTICES is made of, in a base image without documentation too
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -o Dpkg::Options::='--path-include=/usr/share/doc/*/copyright' \
    gcc libc6-dev meson ninja-build pkg-config python3 ca-certificates \
    libevent-dev libopenblas-pthread-dev libpcre2-dev libutf8proc-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY meson.build meson_options.txt LICENSE ./
COPY models/punkt-english.txt models/
COPY src src
COPY package package
ARG REVISION=unknown
RUN meson setup /build --buildtype=release -Dprefer_static=true -Dtests=disabled -Drevision="$REVISION" \
    && ninja -C /build t2v && strip /build/t2v && /build/t2v --version

# The names of the Python server's build arguments. MODEL_NAME may also be one of its image tags, which then says the rest.
FROM build AS model
COPY models models
COPY images/prepare images/
COPY test/golden/*.json test/golden/
ARG MODEL_NAME
ARG MODEL_REVISION
ARG ONNX_RUNTIME
ARG USE_SENTENCE_TRANSFORMERS_VECTORIZER
ARG USE_QUERY_PASSAGE_PREFIXES
ARG USE_QUERY_PROMPT
ARG TRUST_REMOTE_CODE
# Not one of theirs: how a text becomes a vector, where the model's files do not say it (model2vec).
ARG T2V_VECTORIZER=auto
ARG HF_ENDPOINT
# For a gated model: --secret id=hf_token,src=FILE
RUN --mount=type=secret,id=hf_token images/prepare /model && /build/t2v selftest --model /model

# models/fetch alone, for the chart's init container.
FROM $BASE AS fetch
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3 ca-certificates && rm -rf /var/lib/apt/lists/*
COPY models /models
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["/models/fetch"]
CMD ["--help"]

FROM scratch AS custom
COPY --from=build /build/t2v /t2v
COPY LICENSE /LICENSE
COPY --from=build /build/package/NOTICES /NOTICES
WORKDIR /app
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/t2v"]
CMD ["serve"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/t2v", "health"]
ARG REVISION=unknown
LABEL org.opencontainers.image.title="t2v" \
      org.opencontainers.image.description="Weaviate's text2vec-transformers sidecar, in C" \
      org.opencontainers.image.licenses="BSD-3-Clause" \
      org.opencontainers.image.revision="$REVISION"

FROM custom
COPY --from=model /model /app/models/model
ARG MODEL_NAME
ARG MODEL_LICENSE
ARG T2V_VECTORIZER=auto
ENV T2V_VECTORIZER=$T2V_VECTORIZER
LABEL org.opencontainers.image.title="t2v, $MODEL_NAME" t2v.model="$MODEL_NAME" t2v.model.license="$MODEL_LICENSE"
