# A static binary, no shell, no root, nothing to write but /data.
#
#   docker build -t atlas-key-bot .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#       --env-file .env -v atlas-key-bot:/data -p 127.0.0.1:8080:8080 atlas-key-bot

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/atlas-key-bot ./cmd/bot \
 && mkdir -p /out/data /out/etc/ssl/certs \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/

FROM scratch
COPY --from=build /out/etc /etc
COPY --from=build /out/atlas-key-bot /atlas-key-bot
COPY --from=build --chown=65532:65532 --chmod=0700 /out/data /data
USER 65532:65532
ENV LISTEN=0.0.0.0:8080 DATABASE_URL=sqlite:/data/atlas-key-bot.db
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/atlas-key-bot", "health"]
ENTRYPOINT ["/atlas-key-bot"]
CMD ["run"]
