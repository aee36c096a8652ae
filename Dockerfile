# docker build --build-arg VERSION=v1.2.3 -t accessbridge .
# docker run -p 8443:8443 -v ./config.yaml:/etc/accessbridge/config.yaml:ro accessbridge
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The image below has no zone files.
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -tags timetzdata \
      -ldflags "-s -w -X github.com/accessbridge/accessbridge/internal/cli.version=$VERSION" -o /out/accessbridge ./cmd/accessbridge \
 && mkdir -p /out/state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/accessbridge /accessbridge
# Only ACME writes here; mount a volume on it to keep the certificates.
COPY --from=build --chown=65532:65532 /out/state /var/lib/accessbridge
USER 65532:65532
# The commands read config.yaml of this directory unless told otherwise.
WORKDIR /etc/accessbridge
EXPOSE 8443
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/accessbridge", "health"]
ENTRYPOINT ["/accessbridge"]
CMD ["serve", "--config", "/etc/accessbridge/config.yaml"]
