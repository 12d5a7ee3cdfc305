# syntax=docker/dockerfile:1
# Built on the machine that builds, for the platform that is asked for: Go cross-compiles, so no emulation runs.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION=unknown
WORKDIR /src
# Modules change less often than code: a layer of their own spares the download.
COPY go.mod go.sum ./
RUN go mod download
COPY api/ api/
COPY cmd/ cmd/
COPY controllers/ controllers/
COPY internal/ internal/
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /roster ./cmd/roster

FROM gcr.io/distroless/static:nonroot
COPY --from=build /roster /roster
USER 65532:65532
ENTRYPOINT ["/roster"]
