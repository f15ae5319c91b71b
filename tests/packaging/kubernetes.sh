#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The example for Kubernetes: tarn reads its tarn.conf, and its parts fit each other. No cluster is needed.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

example=${srcdir:-.}/docs/examples/kubernetes.yaml
tarn=$PWD/resolver/daemon/tarn
python=${PYTHON:-python3}

# embedded FILE: the tarn.conf of the ConfigMap: what is indented below its name.
embedded() {
	awk '/^  tarn\.conf: \|$/ { inside = 1; next }
		inside && /^    /  { print substr($0, 5); next }
		inside && /^$/     { print; next }
		                   { inside = 0 }' "$1"
}

# here FILE: with the secret's files in this test's folder, and without what this tarn was built without.
here() {
	sed "s|/etc/tarn-shared/|$scratch/|" "$1" >"$scratch/tarn.conf"
	"$tarn" --version | grep -q '^with .*hiredis' || sed -i '/^shared {$/,/^}$/d' "$scratch/tarn.conf"
}

# accepts: with no more than one warning, that the way to the store is in the clear.
accepts() {
	if ! "$tarn" --check -u 192.0.2.1 -c "$scratch/tarn.conf" >"$scratch/printed" 2>"$scratch/said"; then
		cat "$scratch/said"
		return 1
	fi
	not grep -v 'in the clear on the way' "$scratch/said"
}

has_statements() {
	grep -q 'forward "cluster.local" {' "$scratch/printed" &&
		grep -q 'address = { 169.254.20.10:53 }' "$scratch/printed"
}

# Each line that begins with "#" and no blank is a statement as well.
uncomment() {
	sed -i 's/^#\([a-z]\)/\1/' "$scratch/tarn.conf"
	"$tarn" --version | grep -q '^with .*microhttpd' || sed -i '/^metrics/d' "$scratch/tarn.conf"
	"$tarn" --version | grep -q '^with .*openssl' || sed -i '/^upstream/d' "$scratch/tarn.conf"
}

parts_fit() {
	"$python" - "$example" <<-'PYTHON'
		import sys
		import yaml

		with open(sys.argv[1], encoding="ascii") as file:
		    parts = {part["kind"]: part for part in yaml.safe_load_all(file) if part}
		conf = parts["ConfigMap"]["data"]["tarn.conf"]
		pod = parts["DaemonSet"]["spec"]["template"]
		spec, (tarn,) = pod["spec"], pod["spec"]["containers"]
		assert pod["metadata"]["labels"] == parts["DaemonSet"]["spec"]["selector"]["matchLabels"]
		assert spec["hostNetwork"] and spec["dnsPolicy"] == "Default"

		volumes = {volume["name"]: volume for volume in spec["volumes"]}
		for container in [tarn, *spec["initContainers"]]:
		    security = container["securityContext"]
		    assert security["readOnlyRootFilesystem"] and security["capabilities"]["drop"] == ["ALL"]
		    assert security["allowPrivilegeEscalation"] is False
		    assert {mount["name"] for mount in container["volumeMounts"]} <= volumes.keys()
		security = tarn["securityContext"]
		assert security["runAsNonRoot"] and security["runAsUser"] == spec["securityContext"]["fsGroup"]
		assert security["capabilities"]["add"] == ["NET_BIND_SERVICE"]
		assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}

		mounts = {mount["mountPath"]: mount for mount in tarn["volumeMounts"]}
		assert volumes[mounts["/etc/tarn"]["name"]]["configMap"]["name"] == parts["ConfigMap"]["metadata"]["name"]
		secret = volumes[mounts["/etc/tarn-shared"]["name"]]["secret"]
		assert secret["defaultMode"] == 0o440
		for path in ("secret = /etc/tarn-shared/shared.key", "password = /etc/tarn-shared/shared.password"):
		    assert path in conf, path
		for folder in ("/run/tarn", "/var/lib/tarn"):
		    assert not mounts[folder].get("readOnly")
		script = spec["initContainers"][0]["command"][-1]
		address = conf.split("listen { address = ")[1].split()[0]
		assert f"ip address replace {address}/32" in script
		assert f"chown {security['runAsUser']}:{security['runAsGroup']} /var/lib/tarn" in script
	PYTHON
}

embedded "$example" >"$scratch/embedded"
head -c 32 /dev/urandom | base64 >"$scratch/shared.key"
echo "open sesame" >"$scratch/shared.password"
chmod 440 "$scratch/shared.key" "$scratch/shared.password"

here "$scratch/embedded"
tap_ok "tarn accepts the tarn.conf of the example for Kubernetes" accepts
tap_ok "it has the cluster's zone and the node's address" has_statements
uncomment
tap_ok "tarn accepts it with what is a comment, too" accepts
echo 'forwrad "cluster.local" { }' >>"$scratch/tarn.conf"
tap_ok "a fault of it would be seen" not accepts
if command -v "$python" >/dev/null && "$python" -c 'import yaml' 2>/dev/null; then
	tap_ok "its volumes, users and capabilities fit each other" parts_fit
else
	tap_skip "its volumes, users and capabilities fit each other" "no PyYAML"
fi
tap_done
