#!/bin/sh
# Debian splits `venv` off its Python. Install it where we may, say how where we may not.
python=${1:-python3}
package="$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing $package, which $python lacks"
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$package"
else
	echo "$python has no venv: run 'sudo apt-get install $package' and the same command again" >&2
	exit 1
fi
