"""The pods of docker/kuberay.yaml as Kubernetes' own kind, for its checker: KubeRay's kind is in no package's schema.

python docker/pods.py > pods.yaml && kubernetes-validate --strict pods.yaml
"""

import sys
from pathlib import Path

import yaml

job = yaml.safe_load((Path(__file__).parent / "kuberay.yaml").read_text())
cluster = job["spec"]["rayClusterSpec"]
groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
pods = [
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": group.get("groupName", "head")}} | group["template"]
    for group in groups
]
yaml.safe_dump_all(pods, sys.stdout)
