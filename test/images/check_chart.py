# SPDX-License-Identifier: BSD-3-Clause
"""helm lint and helm template of our chart, where there is a helm: in the PATH, or where images/helm built one."""
import os
import re
import shutil
import subprocess

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CHART = os.path.join(ROOT, "images", "chart", "t2v")
BUILT = os.path.join(ROOT, "build-test", "bin", "helm")
HELM = shutil.which("helm") or (BUILT if os.path.exists(BUILT) else None)


def helm(*args):
    p = subprocess.run([HELM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    return p.returncode, p.stdout, p.stderr


def kinds(text):
    """{kind: its document}; none of ours comes twice."""
    return {m[1]: document for document in re.split(r"^---$", text, flags=re.M) if (m := re.search(r"^kind: (\w+)$", document, re.M))}


def render(check, what, *settings):
    code, out, err = helm("template", "mine", CHART, "--namespace", "n", *(x for s in settings for x in ("--set", s)))
    check(f"{what}: renders", code == 0, err)
    return kinds(out)


def check_lint(check):
    if not HELM:
        print("SKIPPED: the chart: there is no helm here (images/helm builds one)")
        return
    for settings in ([], ["autoscaling.enabled=true"], ["serviceMonitor.enabled=true"], ["modelVolume.persistentVolumeClaim.claimName=m"]):
        code, out, err = helm("lint", "--strict", CHART, *(x for s in settings for x in ("--set", s)))
        check(f"lint {settings}", code == 0, out + err)


def check_plain(check):
    if not HELM:
        return
    found = render(check, "plain")
    check("its objects", set(found) == {"Deployment", "Service", "PodDisruptionBudget"}, sorted(found))
    deployment = found.get("Deployment", "")
    for line in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "type: RuntimeDefault", "- ALL",
                 "automountServiceAccountToken: false", "replicas: 2", "path: /.well-known/live", "path: /.well-known/ready",
                 'image: "t2v:sentence-transformers-all-MiniLM-L6-v2"', "terminationGracePeriodSeconds: 25", "memory: 768Mi", "enableServiceLinks: false",
                 'prometheus.io/scrape: "true"', "name: T2V_DRAIN", "startupProbe:", "name: mine-t2v"):
        check(f"the Deployment has {line}", line in deployment, deployment)
    check("no volume", "volumes:" not in deployment)


def check_settings(check):
    if not HELM:
        return
    found = render(check, "autoscaling", "autoscaling.enabled=true", "autoscaling.cpuPercent=70")
    scaler = found.get("HorizontalPodAutoscaler", "")
    check("by the metric", "name: t2v_waiting_requests" in scaler and 'averageValue: "4"' in scaler, scaler)
    check("and by processor time", "averageUtilization: 70" in scaler, scaler)
    check("who scales it sets no replicas", "replicas:" not in found.get("Deployment", "replicas:"))
    code, _, err = helm("template", "mine", CHART, "--set", "autoscaling.enabled=true,autoscaling.waitingRequests=null")
    check("an autoscaler without a metric is refused", code != 0 and "needs waitingRequests or cpuPercent" in err, err)
    found = render(check, "monitor", "serviceMonitor.enabled=true", "podDisruptionBudget.enabled=false")
    check("ServiceMonitor", "path: /metrics" in found.get("ServiceMonitor", "") and "PodDisruptionBudget" not in found, sorted(found))
    check("then no annotations", "prometheus.io" not in found.get("Deployment", "prometheus.io"))
    deployment = render(check, "more", "env.T2V_THREADS=3", "tokensSecret=tokens", "modelVolume.persistentVolumeClaim.claimName=m").get("Deployment", "")
    for line in ('value: "3"', "name: AUTHENTICATION_ALLOWED_TOKENS", "key: tokens", "mountPath: /app/models/model", "claimName: m"):
        check(f"{line} is there", line in deployment, deployment)
