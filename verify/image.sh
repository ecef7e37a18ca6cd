#!/bin/sh
# npm run verify:image: builds the Dockerfile and runs what it made: as an ordinary user, the commands, the service until /healthz answers.
# With docker, podman, or buildah (BUILDAH_FLAGS for its storage); the base image comes from a registry, or is there already.
set -e
name=kabiwatch-verify
for engine in docker podman buildah; do "$engine" info > /dev/null 2>&1 && break; engine=; done
[ -n "$engine" ] || { echo "skipped: no docker, podman or buildah"; exit 0; }
case $engine in
  buildah)
    buildah="buildah $BUILDAH_FLAGS"
    $buildah bud --isolation chroot --network host --pull=${PULL:-true} --format docker -t $name . > /dev/null
    box=$($buildah from --pull-never localhost/$name)
    trap '$buildah rm "$box" > /dev/null' EXIT
    inside() { $buildah run --isolation chroot --network host "$box" -- "$@"; }
    $buildah images localhost/$name
    ;;
  *)
    $engine build --network host -t $name . > /dev/null
    inside() { $engine run --rm --network host --entrypoint "$1" $name $(shift; echo "$@"); }
    $engine images $name
    ;;
esac
echo "user: $(inside id -un)"
echo "version: $(inside kabiwatch --version)"
inside sh -c '
  cat > /tmp/k.yaml <<YAML
store: { folder: /tmp/store }
bot: { address: bot@example.org }
accounts: [{ name: a, host: 127.0.0.1, port: 1, tls: none, user: u, password: { env: HOME } }]
lists: [{ name: l, address: l@example.org, account: a }]
web: { listen: "127.0.0.1:18099" }
YAML
  kabiwatch serve --config /tmp/k.yaml > /tmp/log 2>&1 &
  trap "kill $!" EXIT
  for second in $(seq 60); do
    sleep 1
    node -e "fetch(\"http://127.0.0.1:18099/healthz\").then(async (r) => console.log(\"healthz:\", r.status, await r.text()), () => process.exit(1))" && exit 0
  done
  cat /tmp/log; exit 1'
