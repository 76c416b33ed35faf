# SPDX-License-Identifier: BSD-3-Clause
"""helm lint and helm template of our chart, where there is a helm: in the PATH, or where images/helm built one."""
import json
import os
import re
import shutil
import subprocess
import tempfile

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


def render_file(check, what, values):
    """As render, with a values file: its numbers are floats in Helm, those of --set are not."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(values)
        f.flush()
        code, out, err = helm("template", "mine", CHART, "--namespace", "n", "-f", f.name)
    check(f"{what}: renders", code == 0, err)
    return kinds(out)


def refusal(*settings):
    """What helm says to settings that it refuses; None: it took them."""
    code, _, err = helm("template", "mine", CHART, *(x for s in settings for x in ("--set", s)))
    return err if code else None


def env_of(deployment):
    """[(name, value)] of t2v's own container; the empty text where it comes from elsewhere."""
    own = re.search(r"^          env:\n((?:            .*\n)+)", deployment[deployment.find("- name: t2v\n"):], re.M)
    return re.findall(r'- name: (\S+)\n(?:              value: "(.*)"\n)?', own[1]) if own else []


def check_lint(check):
    if not HELM:
        print("SKIPPED: the chart: there is no helm here (images/helm builds one)")
        return
    for settings in ([], ["autoscaling.enabled=true"], ["serviceMonitor.enabled=true"], ["networkPolicy.enabled=true"],
                     ["networkPolicy.enabled=true", "modelFetch.name=a/b"], ["modelVolume.persistentVolumeClaim.claimName=m"]):
        code, out, err = helm("lint", "--strict", CHART, *(x for s in settings for x in ("--set", s)))
        check(f"lint {settings}", code == 0, out + err)


def check_helm(check):
    """A helm of ours has the pinned version, and its client's Kubernetes; the chart itself asks for 1.23."""
    if not HELM or HELM != BUILT:
        return
    with open(os.path.join(ROOT, "images", "helm"), encoding="utf-8") as f:
        pinned = re.search(r"^version=(\S+)", f.read(), re.M)[1]
    version = helm("version", "--template", "{{.Version}}")[1]
    check("its version (images/helm builds it)", version == pinned, version)
    code, _, err = helm("template", "mine", CHART, "--kube-version", "1.22.0")
    check("an older Kubernetes is refused", code != 0 and "kubeVersion" in err, err)


PARENT = """
apiVersion: v2
name: parent
version: 0.1.0
dependencies:
- {name: t2v, version: '*', alias: passage, condition: passage.enabled}
- {name: t2v, version: '*', alias: query, condition: query.enabled}
- {name: t2v, version: '*', alias: other, condition: other.enabled}
"""


def check_subchart(check):
    """As a dependency of another chart, twice, which gives it what is global and its condition."""
    if not HELM:
        return
    with tempfile.TemporaryDirectory() as parent:
        shutil.copytree(CHART, os.path.join(parent, "charts", "t2v"))
        for name, text in (("Chart.yaml", PARENT), ("values.yaml", "global: {region: here}\npassage: {enabled: true, replicas: 3}\nother: {enabled: false}\n")):
            with open(os.path.join(parent, name), "w", encoding="utf-8") as f:
                f.write(text)
        code, out, err = helm("template", "mine", parent, "--set", "global.tier=1")
        check("it renders", code == 0, err)
        names = re.findall(r"^kind: Deployment\nmetadata:\n  name: (\S+)$", out, re.M)
        check("both, by their aliases", sorted(names) == ["mine-passage", "mine-query"] and "replicas: 3\n" in out, names)
        code, _, err = helm("template", "mine", parent, "--set", "query.replicaCount=1")
        check("a mistyped value of one", code != 0 and "query" in err and "replicaCount" in err, err)


def check_plain(check):
    if not HELM:
        return
    found = render(check, "plain")
    check("its objects", set(found) == {"Deployment", "Service", "PodDisruptionBudget"}, sorted(found))
    deployment = found.get("Deployment", "")
    for line in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "type: RuntimeDefault", "- ALL",
                 "automountServiceAccountToken: false", "replicas: 2", "path: /.well-known/live", "path: /.well-known/ready",
                 'image: "t2v:sentence-transformers-all-MiniLM-L6-v2"', "terminationGracePeriodSeconds: 25", "memory: 768Mi", "enableServiceLinks: false",
                 '"prometheus.io/scrape": "true"', "name: T2V_DRAIN", "startupProbe:", "name: mine-t2v"):
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
    err = refusal("autoscaling.enabled=true,autoscaling.waitingRequests=null")
    check("an autoscaler without a metric is refused", err and "needs waitingRequests or cpuPercent" in err, err)
    found = render(check, "monitor", "serviceMonitor.enabled=true", "podDisruptionBudget.enabled=false")
    check("ServiceMonitor", "path: /metrics" in found.get("ServiceMonitor", "") and "PodDisruptionBudget" not in found, sorted(found))
    check("then no annotations", "prometheus.io" not in found.get("Deployment", "prometheus.io"))
    deployment = render(check, "more", "env.T2V_THREADS=3", "tokensSecret=tokens", "modelVolume.persistentVolumeClaim.claimName=m").get("Deployment", "")
    for line in ('value: "3"', "name: AUTHENTICATION_ALLOWED_TOKENS", "key: tokens", "mountPath: /app/models/model", "claimName: m"):
        check(f"{line} is there", line in deployment, deployment)


def check_memory(check):
    """The limit is modelMemory, kv-cache, max-memory as the program has it, and 64 MiB, unless it is said; the request the same less max-memory."""
    if not HELM:
        return
    for settings, request, limit in (
            ([], "256Mi", "768Mi"), (["env.T2V_MAX_MEMORY=1g"], "256Mi", "1280Mi"), (["env.T2V_MAX_MEMORY=100MiB"], "256Mi", "356Mi"),
            (["env.T2V_MAX_MEMORY=0"], "256Mi", "768Mi"), (["env.T2V_MAX_BODY=64m"], "256Mi", "2304Mi"), (["env.T2V_MAX_BODY=1m"], "256Mi", "512Mi"),
            (["modelMemory=1Gi"], "1088Mi", "1600Mi"), (["modelMemory=1Gi", "env.T2V_MAX_MEMORY=2G"], "1088Mi", "3136Mi"),
            (["env.T2V_MAX_MEMORY=1000001"], "256Mi", '"269435457"'), (["env=null"], "256Mi", "768Mi"),
            (["env.T2V_KV_CACHE=1g"], "1280Mi", "1792Mi"),
            (["resources.limits.memory=2Gi", "env.T2V_MAX_MEMORY=1g"], "256Mi", "2Gi"), (["resources.requests.memory=1Gi"], "1Gi", "768Mi"),
            (["resources.limits.memory=null"], "256Mi", None), (["resources.limits=null"], "256Mi", None), (["resources=null"], None, None)):
        deployment = render(check, settings, *settings).get("Deployment", "")
        found = [(m := re.search(rf"^            {word}:\n(?:              .*\n)*?              memory: (\S+)\n", deployment, re.M)) and m[1]
                 for word in ("requests", "limits")]
        check(f"{settings}: request and limit", found == [request, limit], found)
    found = render_file(check, "numbers", "modelMemory: 1073741824\nenv: {T2V_MAX_MEMORY: 536870912}\n").get("Deployment", "")
    check("a file's numbers", "memory: 1600Mi\n" in found, found)
    for setting, why in (("env.T2V_MAX_MEMORY=1t", "env.T2V_MAX_MEMORY"), ("env.T2V_MAX_BODY=x", "env.T2V_MAX_BODY"), ("modelMemory=much", "modelMemory"),
                         ("extraEnv[0].name=T2V_MAX_MEMORY,extraEnv[0].value=1g", "T2V_MAX_MEMORY belongs in env")):
        err = refusal(setting)
        check(f"{setting} is refused", err and why in err, err)
    check("but not beside a limit that is said", refusal("resources.limits.memory=2Gi", "extraEnv[0].name=T2V_MAX_MEMORY,extraEnv[0].value=1g") is None)


MILLIONS = """
replicas: 1000000
env: {T2V_MAX_TEXT_TOKENS: 1000000, T2V_MAX_BODY: 16777216, T2V_READ_TIMEOUT: 0.5, ENABLE_CACHE: true, T2V_CPU: null, T2V_THREADS: 0}
extraEnv: [{name: EXTRA, value: 2000000}]
podAnnotations: {of-pods: 3000000, prometheus.io/scrape: false}
service: {annotations: {of-service: 4000000}}
podDisruptionBudget: {maxUnavailable: 5000000}
podSecurityContext: {runAsUser: 6000000}
resources: {limits: {memory: 7000000000}}
nodeSelector: {node: 8000000}
serviceMonitor: {labels: {monitor: 9000000}}
"""


def check_numbers(check):
    """Whole numbers stay whole: the program takes no 1e+06."""
    if not HELM:
        return
    found = render_file(check, "millions", MILLIONS)
    deployment = found.get("Deployment", "")
    for line in ("replicas: 1000000\n", '"of-pods": "3000000"', "runAsUser: 6000000\n", "memory: 7000000000\n", '"node": "8000000"'):
        check(f"the Deployment has {line.strip()}", line in deployment, deployment)
    check("the environment", env_of(deployment) == [
        ("EXTRA", "2000000"), ("T2V_DRAIN", "10"), ("ENABLE_CACHE", "true"), ("T2V_MAX_BODY", "16777216"), ("T2V_MAX_TEXT_TOKENS", "1000000"),
        ("T2V_READ_TIMEOUT", "0.5"), ("T2V_THREADS", "0")], deployment)
    check("an annotation of the user's own wins", deployment.count("prometheus.io/scrape") == 1 and '"prometheus.io/scrape": "false"' in deployment, deployment)
    check("of the Service", '"of-service": "4000000"' in found.get("Service", ""), found.get("Service"))
    check("of the budget", "maxUnavailable: 5000000\n" in found.get("PodDisruptionBudget", ""), found.get("PodDisruptionBudget"))
    found = render_file(check, "autoscaling", MILLIONS.replace("labels", "enabled: true, labels") +
                        "autoscaling: {enabled: true, minReplicas: 1000000, maxReplicas: 2000000, waitingRequests: 3000000, cpuPercent: 4000000}\n")
    scaler = found.get("HorizontalPodAutoscaler", "")
    for line in ("minReplicas: 1000000\n", "maxReplicas: 2000000\n", 'averageValue: "3000000"', "averageUtilization: 4000000\n"):
        check(f"the autoscaler has {line.strip()}", line in scaler, scaler)
    check("of the monitor", '"monitor": "9000000"' in found.get("ServiceMonitor", ""), found.get("ServiceMonitor"))
    check("none as 1e+06", not any(re.search(r"\de\+\d", document) for document in found.values()))


def check_drain(check):
    """One T2V_DRAIN in the pod, and the grace period follows it."""
    if not HELM:
        return
    for settings, value, grace in (([], "10", 25), (["drainSeconds=20"], "20", 35), (["env.T2V_DRAIN=60"], "60", 75), (["env.T2V_DRAIN=2.5"], "2.5", 18),
                                   (["env.T2V_DRAIN=0"], "0", 15), (["env.T2V_DRAIN="], "10", 25), (["env=null"], "10", 25)):
        deployment = render(check, settings, *settings).get("Deployment", "")
        check(f"{settings}: T2V_DRAIN", [v for n, v in env_of(deployment) if n == "T2V_DRAIN"] == [value], env_of(deployment))
        check(f"{settings}: the grace period", f"terminationGracePeriodSeconds: {grace}\n" in deployment, deployment)
    err = refusal("env.T2V_DRAIN=10s")
    check("10s", err and "not a number of seconds" in err, err)


def check_listen(check):
    """The container's port is that of T2V_LISTEN, and the probes can reach it."""
    if not HELM:
        return
    for listen, port in (("", 8080), (":9000", 9000), ("[::]:9001", 9001), ("0.0.0.0:9002", 9002), ("$(POD_IP):9003", 9003)):
        found = render(check, listen, *([f"env.T2V_LISTEN={listen}"] if listen else []))
        deployment = found.get("Deployment", "")
        check(f"'{listen}': its port", f"containerPort: {port}\n" in deployment and f'prometheus.io/port": "{port}"' in deployment, deployment)
        check(f"'{listen}': the probes", deployment.count("port: http}") == 3, deployment)
        check(f"'{listen}': the Service keeps its own", "port: 8080\n" in found.get("Service", ""), found.get("Service"))
    for listen, why in (("127.0.0.1:8080", "cannot be reached"), ("localhost:80", "cannot be reached"), ("[::1]:8080", "cannot be reached"),
                        ("8080", "is not ADDR:PORT"), ("::", "is not ADDR:PORT"), (":0", "1 to 65535"), (":65536", "1 to 65535"), (":http", "is not ADDR:PORT")):
        err = refusal(f"env.T2V_LISTEN={listen}")
        check(f"'{listen}' is refused", err and why in err and "env.T2V_LISTEN" in err, err)


def check_families(check):
    """IPv6 and IPv4: nothing of it is set unless it is asked for."""
    if not HELM:
        return
    found = render(check, "plain")
    check("no address is forced", "0.0.0.0" not in found.get("Deployment", "") and "T2V_LISTEN" not in found.get("Deployment", ""))
    check("the cluster decides", "ipFamil" not in found.get("Service", "ipFamil"))
    service = render(check, "both", "service.ipFamilyPolicy=PreferDualStack", "service.ipFamilies={IPv6,IPv4}").get("Service", "")
    check("both", "ipFamilyPolicy: PreferDualStack\n" in service and 'ipFamilies: ["IPv6","IPv4"]' in service, service)
    for setting in ("service.ipFamilyPolicy=RequireDualStack", "service.ipFamilies={IPv6}"):
        err = refusal(setting, "env.T2V_LISTEN=0.0.0.0:8080")
        check(f"IPv4 alone with {setting}", err and "may send IPv6" in err, err)


def check_image(check):
    if not HELM:
        return
    with open(os.path.join(CHART, "Chart.yaml"), encoding="utf-8") as f:
        version = re.search(r'^appVersion: "(.*)"$', f.read(), re.M)[1]
    digest = "sha256:" + "0a" * 32
    for setting, image in (("image.tag=null", f"t2v:{version}"), ("image.tag=", f"t2v:{version}"), ("image.tag=x", "t2v:x"),
                           (f"image.digest={digest}", f"t2v@{digest}")):
        deployment = render(check, setting, setting).get("Deployment", "")
        check(f"{setting}: {image}", f'image: "{image}"\n' in deployment, deployment)


EXTRA = """
tokensSecret: tokens
env: {T2V_THREADS: 2}
extraEnv:
- {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
- {name: HTTPS_PROXY, value: ""}
envFrom: [{prefix: T2V_, configMapRef: {name: more}}]
"""


def check_extra_env(check):
    if not HELM:
        return
    deployment = render_file(check, "extra", EXTRA).get("Deployment", "")
    check("those first that others may name", env_of(deployment) == [("POD_IP", ""), ("HTTPS_PROXY", ""), ("T2V_DRAIN", "10"), ("T2V_THREADS", "2"),
                                                                     ("AUTHENTICATION_ALLOWED_TOKENS", "")], env_of(deployment))
    for line in ("fieldPath: status.podIP", "envFrom:", "prefix: T2V_"):
        check(f"{line} is there", line in deployment, deployment)
    for settings, why in ((["extraEnv[0].name=T2V_DRAIN"], "belongs in env"), (["extraEnv[0].name=T2V_LISTEN"], "belongs in env"),
                          (["extraEnv[0].name=A", "env.A=1"], "A is set twice"), (["extraEnv[0].name=A", "extraEnv[1].name=A"], "A is set twice"),
                          (["tokensSecret=s", "env.AUTHENTICATION_ALLOWED_TOKENS=x"], "tokensSecret sets it"),
                          (["tokensSecret=s", "extraEnv[0].name=AUTHENTICATION_ALLOWED_TOKENS"], "set twice")):
        err = refusal(*settings)
        check(f"{settings}", err and why in err, err)


FETCH = """
image: {repository: registry.example/t2v, tag: custom}
modelFetch:
  name: intfloat/e5-small-v2
  args: [--revision, abc]
  env: {HF_ENDPOINT: "http://mirror", RETRIES: 1000000}
  tokenSecret: hub
initContainers: [{name: after, image: busybox, volumeMounts: [{name: model, mountPath: /m}]}]
extraVolumes: [{name: scratch, emptyDir: {}}]
extraVolumeMounts: [{name: scratch, mountPath: /scratch}]
"""


def check_model_fetch(check):
    """An init container fetches the model into the folder that t2v then reads."""
    if not HELM:
        return
    check("none by itself", "initContainers" not in render(check, "plain").get("Deployment", "initContainers"))
    deployment = render_file(check, "fetch", FETCH).get("Deployment", "")
    init, own = deployment.split("      containers:\n")
    for line in ('image: "registry.example/t2v:fetch"', 'args: ["intfloat/e5-small-v2","/volume/model","--revision","abc"]', "key: token", "mountPath: /volume\n",
                 'value: "1000000"', "readOnlyRootFilesystem: true", "name: after\n"):
        check(f"the init containers have {line.strip()}", line in init, init)
    check("what is fetched comes first", init.find("fetch-model") < init.find("name: after"), init)
    for line in ('image: "registry.example/t2v:custom"', "mountPath: /app/models/model\n", "subPath: model\n", "mountPath: /scratch\n", "emptyDir: {}"):
        check(f"the pod has {line.strip()}", line in own, own)
    deployment = render(check, "kept", "modelFetch.name=a/b", "modelFetch.image=x:y", "modelVolume.persistentVolumeClaim.claimName=m").get("Deployment", "")
    check("in a volume that stays", "claimName: m" in deployment and "emptyDir" not in deployment and 'image: "x:y"' in deployment, deployment)


PEERS = """
networkPolicy:
  enabled: true
  from:
  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: weaviate}}
    podSelector: {matchLabels: {app: weaviate}}
  - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
  scrapeFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
env: {T2V_LISTEN: ":9000"}
service: {port: 80}
"""
SAME_NAMESPACE = """    - from:
        - podSelector: {}
      ports:
        - {port: 8080, protocol: TCP}
"""
FETCHES = """  egress:
    - ports:
        - {port: 53, protocol: UDP}
        - {port: 53, protocol: TCP}
        - {port: 443, protocol: TCP}
"""


def policy(check, what, *settings):
    return render(check, what, "networkPolicy.enabled=true", *settings).get("NetworkPolicy", "")


def check_network_policy(check):
    """Who may come in, to the pods' port alone; and nothing may go out, but what fetches a model."""
    if not HELM:
        return
    check("off by itself", "NetworkPolicy" not in render(check, "plain"))
    found = policy(check, "on")
    for part in ("apiVersion: networking.k8s.io/v1\n", "  policyTypes: [Ingress, Egress]\n  ingress:\n" + SAME_NAMESPACE + "  egress: []\n",
                 "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: t2v\n      app.kubernetes.io/instance: mine\n"):
        check(f"on: {part!r}", part in found, found)
    for setting in ("networkPolicy.from=null", "networkPolicy.scrapeFrom=null"):
        check(f"{setting}: still the namespace", "  ingress:\n" + SAME_NAMESPACE + "  egress" in policy(check, setting, setting), setting)
    found = render_file(check, "peers", PEERS).get("NetworkPolicy", "")
    rules = found[found.find("  ingress:"):].split("    - from:\n")[1:]
    check("two rules", len(rules) == 2 and all("ports:\n        - {port: 9000, protocol: TCP}\n" in rule for rule in rules), found)
    check("from", len(rules) == 2 and all(word in rules[0] for word in ("name: weaviate", "app: weaviate", "cidr: 10.0.0.0/8", "- 10.1.0.0/16"))
          and len(re.findall("^ {8}- ", rules[0], re.M)) == 3 and "monitoring" not in rules[0], found)
    check("scrapeFrom", len(rules) == 2 and "name: monitoring" in rules[1] and "weaviate" not in rules[1], found)
    check("modelFetch: DNS and 443", FETCHES in policy(check, "modelFetch", "modelFetch.name=a/b"))
    for what, settings, egress in (("its own list", ["modelFetch.name=a/b", "networkPolicy.egress[0].ports[0].port=8081"], "  egress:\n    - ports:\n      - port: 8081\n"),
                                   ("without modelFetch", ["networkPolicy.egress[0].ports[0].port=53"], "  egress:\n    - ports:\n      - port: 53\n")):
        check(what, policy(check, what, *settings).rstrip("\n").endswith(egress.rstrip("\n")), egress)
    found = render_file(check, "none", "networkPolicy: {enabled: true, egress: []}\nmodelFetch: {name: a/b}\n").get("NetworkPolicy", "")
    check("[] is none, with modelFetch too", "  egress: []\n" in found, found)
    for setting, names in (("networkPolicy.enabled=yes", "enabled"), ("networkPolicy.form[0].podSelector.a=b", "form"), ("networkPolicy.from[0].pods=x", "pods"),
                           ("networkPolicy.from={weaviate}", "from"), ("networkPolicy.from[0].ipBlock.net=10.0.0.0/8", "cidr"), ("networkPolicy.egress=none", "egress"),
                           ("networkPolicy.from[0].ipBlock.cidr=::/0,networkPolicy.from[0].podSelector.a=b", "from"), ("networkPolicy=null", "networkPolicy")):
        err = refusal(setting)
        check(f"{setting} is refused by its name", err and "schema" in err and names in err, err)


def check_schema(check):
    """A mistyped or unfit value is an error that names it."""
    if not HELM:
        return
    for setting, names in (("replicaCount=3", "replicaCount"), ("service.prot=80", "prot"), ("replicas=three", "replicas"), ("image.tag=3", "tag"),
                           ("image.digest=sha256:3", "digest"), ("env=x", "env"), ("env.A.b=1", "env"), ("extraEnv.A=1", "extraEnv"),
                           ("startupProbe.httpGet.port=80", "httpGet"), ("service.type=External", "type"), ("service.ipFamilies={v6}", "ipFamilies"),
                           ("service=null", "service"), ("podDisruptionBudget.maxUnavailable=some", "maxUnavailable"), ("drainSeconds=-1", "drainSeconds"),
                           ("resources.limit.cpu=1", "limit"), ("autoscaling.cpuPercent=most", "cpuPercent")):
        err = refusal(setting)
        check(f"{setting} is refused by its name", err and "schema" in err and names in err, err)
    for setting in ("global.x=1", "enabled=true", "replicas=null", "env=null", "resources=null", "securityContext=null", "image.tag=null",
                    "podDisruptionBudget.maxUnavailable=50%", "autoscaling.waitingRequests=500m", "service.ipFamilyPolicy=null"):
        check(f"{setting} passes", refusal(setting) is None, refusal(setting))
    check("null leaves the replicas to others", "replicas:" not in render(check, "null", "replicas=null").get("Deployment", "replicas:"))


def check_documented(check):
    """Every value of the schema is in values.yaml, and every setting of the program is named there."""
    with open(os.path.join(CHART, "values.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    with open(os.path.join(CHART, "values.yaml"), encoding="utf-8") as f:
        values = f.read()
    names = set(re.findall(r"^(\w+):", values, re.M))
    check("values", names == set(schema["properties"]) - {"global", "enabled"}, names ^ set(schema["properties"]))
    for name, value in schema["properties"].items():
        below = re.search(rf"^{name}:\n((?:(?:  .*)?\n)+)", values, re.M)
        keys = set(re.findall(r"^  (\w+):", below[1], re.M)) if below else set()
        want = set(value.get("properties", {})) - {"claims"}
        check(f"{name}'s", keys == want or not want, keys ^ want)
    p = subprocess.run([check.binary, "serve", "--help"], stdout=subprocess.PIPE, text=True)
    settings = set(re.findall(r"^ {31}([A-Z][A-Z0-9_]+); default", p.stdout, re.M))
    check("settings were read", len(settings) > 20, settings)
    listed = set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", values[values.find("# What t2v serve"):values.find("\nenv:")]))
    check("settings", settings <= listed, settings - listed)
    check("no others", listed <= settings, listed - settings)
