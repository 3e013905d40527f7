#!/bin/sh
# Runs an image as hardened as production does and without a network, waits until its health check is green, ends it
# with SIGTERM and wants exit 0.
# usage: deploy/smoke-test.sh IMAGE [DOCKER RUN OPTION]...
set -eu

image=$1
shift
container=$(docker run --detach --network none --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --user 10001:10001 --env ENVIRONMENT=dev "$@" "$image")
trap 'docker rm --force "$container" > /dev/null' EXIT

health=starting
tries=0
while [ "$health" = starting ] && [ "$tries" -lt 60 ]; do
    sleep 1
    tries=$((tries + 1))
    health=$(docker inspect --format '{% raw %}{{.State.Health.Status}}{% endraw %}' "$container")
done
if [ "$health" != healthy ]; then
    docker logs "$container"
    echo "the container is $health after $tries s, not healthy" >&2
    exit 1
fi
docker exec "$container" python -m chassis check-ready
docker stop --time 30 "$container" > /dev/null
code=$(docker inspect --format '{% raw %}{{.State.ExitCode}}{% endraw %}' "$container")
if [ "$code" != 0 ]; then
    docker logs "$container"
    echo "SIGTERM ended the service with exit code $code, not 0" >&2
    exit 1
fi
echo "healthy after $tries s, exit 0 on SIGTERM"
