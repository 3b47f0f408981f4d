# Builds a static binary and puts it alone into an image, with certificates and an unprivileged user.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/bellhop . \
 && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/bellhop /bellhop
# A named volume takes its owner from this folder.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
# bot.toml, the private key and the database are in /data. Inside a container the bot has to listen on all addresses to be
# reached; the admin listener stays on loopback, where the health check is.
ENV BELLHOP_LISTEN=:8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/bellhop", "health"]
ENTRYPOINT ["/bellhop"]
CMD ["serve"]
