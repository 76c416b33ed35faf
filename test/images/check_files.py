# SPDX-License-Identifier: BSD-3-Clause
"""The matrix, what the build prepares, the dashboard's queries, the adapter's rule."""
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile

import manifest
import matrix
import memory
from daemon import Daemon, vectors
from fakehub import Hub

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
IMAGES = os.path.join(ROOT, "images")
FIXTURE = os.path.join(ROOT, "test", "golden", "bert-uncased")


def text_of(*names):
    with open(os.path.join(ROOT, *names), encoding="utf-8") as f:
        return f.read()


def script(*names):
    """A script of ours without a suffix, as a module."""
    path = os.path.join(ROOT, *names)
    loader = importlib.machinery.SourceFileLoader("_".join(names), path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def check_matrix(check):
    check("matrix.json is what the manifests say (images/matrix.py --write)", text_of("images", "matrix.json") == matrix.text())
    tags = [e["tag"] for e in matrix.read()]
    check("no tag twice", len(set(tags)) == len(tags))
    check("fit for an image's tag", all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", t) for t in tags), tags)
    declared = set(re.findall(r"^ARG (\w+)", text_of("Dockerfile"), re.M))
    used = {name for e in matrix.read() for name in e["args"]}
    check("the Dockerfile takes each argument", used <= declared, used - declared)
    for entry in matrix.read():
        check(f"{entry['tag']}: its name leads to it", manifest.find(entry["tag"])[0] == entry["manifest"])
    for place in ("docker-compose.yml", "images/weaviate-values.yaml", "images/weaviate-values-dpr.yaml", "images/chart/t2v/values.yaml"):
        named = re.findall(r"t2v:([\w.-]+)\}|^\s*tag: ([\w.-]+)", text_of(*place.split("/")), re.M)
        named = [a or b for a, b in named]
        check(f"{place} names tags that there are", named and set(named) <= {*tags, "custom"}, named)


def check_model2vec_values(check):
    """The values for text2vec-model2vec name an image that the file says how to build."""
    text = text_of("images", "weaviate-values-model2vec.yaml")
    tag = re.search(r"^    tag: (\S+)$", text, re.M)[1]
    check("its image", f"registry.example/t2v:{tag} ." in text, tag)
    named = set(re.findall(r"--build-arg (\w+)=", text))
    check("the Dockerfile takes its arguments", named == {"MODEL_NAME", "T2V_VECTORIZER"} and
          named <= set(re.findall(r"^ARG (\w+)", text_of("Dockerfile"), re.M)), named)


def services():
    """docker-compose.yml by service; to one that merges the anchor the keys are added that it lacks."""
    text = text_of("docker-compose.yml")
    text = text[text.index("\nservices:\n"):text.index("\nsecrets:\n")]
    found = dict(re.findall(r"^  ([\w-]+):(?: &\w+)?\n((?:    .*\n|\n)+)", text, re.M))

    def lacks(own):
        return re.sub(r"^    (\w+):.*\n(?:     .*\n)*", lambda m: "" if f"    {m[1]}:" in own else m[0], found["t2v"], flags=re.M)

    return {name: own + (lacks(own) if "<<: *t2v" in own else "") for name, own in found.items()}


def check_compose_file(check):
    """What the file says; that an engine takes it is check_compose's."""
    found = services()
    sidecars = {name: text for name, text in found.items() if "MODEL_NAME" in text}
    check("its services", set(found) - set(sidecars) == {"weaviate", "weaviate-dpr", "weaviate-rag", "t2v-rag"} and len(sidecars) == 3, sorted(found))
    for name, text in sidecars.items():
        first = text.split("<<: *t2v")[-1]
        check(f"{name}: the token is a build secret", "secrets: [hf_token]" in first.split("build:")[1], first)
        check(f"{name}: no token among the arguments", "HF_TOKEN" not in text)
        check(f"{name}: a check, limits", all(f"    {word}: " in text for word in ("healthcheck", "mem_limit", "cpus")), text)
        check(f"{name}: listens as the program does", "T2V_LISTEN" not in text)
    for name in ("weaviate", "weaviate-dpr", "weaviate-rag"):
        wanted = {host for host in re.findall(r"http://([\w-]+):8080", found[name])}
        waits = set(re.findall(r"^      ([\w-]+): \{condition: service_healthy\}$", found[name], re.M))
        check(f"{name} waits for its sidecars", wanted and wanted == waits, (wanted, waits))
    mounted = re.findall(r"=(/models/\w+)[],]", found["t2v-rag"])
    check("t2v-rag: doc/images.md fetches each of its models", len(mounted) == 3 and
          all(f" models/rag/{os.path.basename(place)}\n" in text_of("doc", "images.md") for place in mounted), mounted)
    check("t2v-rag: an image without a model, a check, limits", "build: {context: ., target: custom}" in found["t2v-rag"] and
          all(f"    {word}: " in found["t2v-rag"] for word in ("healthcheck", "mem_limit", "cpus")), found["t2v-rag"])
    check("the secret's source", "\nsecrets:\n  hf_token:\n    environment: HF_TOKEN\n" in text_of("docker-compose.yml"))


def with_variables(text, **variables):
    """As compose reads it: ${NAME:-DEFAULT}."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: variables.get(m[1]) or m[2], text)


def check_memory(check):
    """A limit is what the model needs, max-memory and 64 MiB: in each file, and for another max-memory."""
    for path, (old, new) in memory.texts().items():
        check(f"{path} has the limits (images/memory.py --write)", old == new)
    mib = 1 << 20
    check("a model's need", memory.need(91_000_000) == 192 * mib and memory.need(438_000_000) == 544 * mib)
    check("two values of max-memory", [memory.limit(91_000_000, n * mib) // mib for n in (512, 1024)] == [768, 1280])
    for max_memory, of_minilm, of_dpr in (("", "768m", "1120m"), ("1g", "1280m", "1632m")):
        said = [memory_of(name, max_memory or "512m") for name in ("91m", memory.DPR)]
        check(f"{max_memory}: what memory.py prints", said == [of_minilm, of_dpr], said)
        variables = {"T2V_MAX_MEMORY": max_memory, "T2V_MEM_LIMIT": max_memory and said[0], "T2V_DPR_MEM_LIMIT": max_memory and said[1]}
        for name, text in services().items():
            if "MODEL_NAME" not in text:
                continue
            text = with_variables(text, **variables)
            own = re.search(r"T2V_MAX_MEMORY: \"(\w+)\"", text)[1], re.search(r"mem_limit: (\w+)", text)[1]
            check(f"{name} with {variables}", own == (max_memory or "512m", of_dpr if "dpr" in text else of_minilm), own)
    for args, why in ((["91x"], "'91x' is not a count"), (["91m", "-1"], "'-1' is not a count"), (["--help"], "usage:"), (["1", "2", "3"], "usage:")):
        p = subprocess.run([sys.executable, memory.__file__, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        check(f"memory.py {args}", p.returncode == 2 and why in p.stderr and not p.stdout, p.stderr)


def memory_of(*args):
    return subprocess.run([sys.executable, memory.__file__, *args], stdout=subprocess.PIPE, text=True).stdout.strip()


def check_markers(check):
    """An image has the marker files that models/fetch writes for its tag."""
    fetch, prepare = script("models", "fetch"), script("images", "prepare")
    for name, model in manifest.all_models().items():
        for image in model["images"]:
            ours, theirs = prepare.markers(model["model"], image["args"]), fetch.markers(model["model"], image)
            for of_no_effect in ("use_query_prompt", "trust_remote_code"):
                ours.pop(of_no_effect, None)
            if model["family"] in ("t5", "model2vec"):
                ours.pop("model_name", None), theirs.pop("model_name", None)  # such a model is run that way by its type
            check(image["tag"], ours == theirs, (ours, theirs))


def prepare(folder, hub, **args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("HF_") and not k.upper().endswith("_PROXY")}
    p = subprocess.run([sys.executable, os.path.join(IMAGES, "prepare"), folder], env={**env, "HF_ENDPOINT": hub.url, **args},
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return p.returncode, p.stderr


def check_prepare(check):
    files = {"config.json": b'{"model_type": "bert"}', "tokenizer.json": b"{}", "model.safetensors": b"w" * 1000}
    with Hub(files) as hub, tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, "plain")
        code, err = prepare(folder, hub, MODEL_NAME="org/tiny")
        check("plain", code == 0, err)
        check("its files", sorted(os.listdir(folder)) == sorted([*files, "fetched.json"]), os.listdir(folder))
        folder = os.path.join(place, "all")
        code, err = prepare(folder, hub, MODEL_NAME="org/tiny", USE_SENTENCE_TRANSFORMERS_VECTORIZER="true", ONNX_RUNTIME="True",
                            USE_QUERY_PASSAGE_PREFIXES="true", USE_QUERY_PROMPT="false", TRUST_REMOTE_CODE="")
        got = {n: open(os.path.join(folder, n), encoding="utf-8").read() for n in os.listdir(folder) if n not in files and n != "fetched.json"}
        check("markers", (code, got) == (0, {"model_name": "org/tiny", "onnx_runtime": "true", "use_query_passage_prefixes": "true"}), (err, got))
        code, err = prepare(os.path.join(place, "x"), hub)
        check("no MODEL_NAME", code == 1 and "MODEL_NAME=... is missing" in err, err)
        code, err = prepare(os.path.join(place, "x"), hub, MODEL_NAME="minishlab-potion-retrieval-32M", T2V_VECTORIZER="auto")
        check("a vectorizer that only the environment can say", code == 1 and "needs --build-arg T2V_VECTORIZER=model2vec" in err, err)
        code, err = prepare(os.path.join(place, "x"), hub, MODEL_NAME="org/other")
        check("a model that is not there", code == 1 and not os.path.exists(os.path.join(place, "x")), err)


def check_golden(check):
    """What the build puts beside a model is what selftest takes, and small."""
    short = script("images", "prepare").golden(os.path.join(ROOT, "test", "golden", "all-MiniLM-L6-v2.json"))
    check("each case has answers", all(c["index"] and len(c["index"]) == len(c["vectors"]) for c in short["cases"]))
    check("of texts that there are", all(i < len(short["texts"]) for c in short["cases"] for i in c["index"]))
    check("small", len(json.dumps(short)) < 400_000, len(json.dumps(short)))


def series(metrics):
    """The names of all series, and the labels that each has."""
    found = {}
    for line in metrics.splitlines():
        if m := re.match(r"(\w+)(?:\{(.*)\})? ", line):
            found.setdefault(m[1], set()).update(re.findall(r"(\w+)=", m[2] or ""))
    return found


def check_dashboard(check):
    dashboard = json.loads(text_of("images", "grafana-dashboard.json"))
    with Daemon(check.binary, FIXTURE) as d:
        d.ask(vectors({"text": "hello"}))
        known = series(d.get("/metrics").body.decode())
    check("metrics were read", len(known) > 10, known)
    queries = [t["expr"] for p in dashboard["panels"] for t in p["targets"]]
    queries += [v["definition"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    check("there are queries", len(queries) > 10)
    from_elsewhere = {"job", "instance", "namespace", "pod"}  # Prometheus's own labels
    for query in queries:
        names = set(re.findall(r"\b(?:t2v|process)_\w+", query))
        check(f"known metrics: {query}", names and names <= set(known), names - set(known))
        check(f"brackets: {query}", all(query.count(a) == query.count(b) for a, b in ("()", "[]", "{}")))
        for name, labels in re.findall(r"((?:t2v|process)_\w+)\{([^}]*)\}", query):
            asked = set(re.findall(r"(\w+)=", labels)) - from_elsewhere
            check(f"labels of {name}: {query}", asked <= known.get(name, set()), asked)
    check("no panel twice", len({p["id"] for p in dashboard["panels"]}) == len(dashboard["panels"]))
    for place in ("images/prometheus-adapter-values.yaml", "images/chart/t2v/templates/horizontalpodautoscaler.yaml"):
        names = set(re.findall(r"\bt2v_\w+", text_of(*place.split("/"))))
        check(f"{place}: its metric", names == {"t2v_waiting_requests"} and names <= set(known), names)
