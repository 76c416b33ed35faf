# SPDX-License-Identifier: BSD-3-Clause
"""The commands that images live by, health and selftest, and inspect."""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading

from daemon import OURS, Daemon, vectors


def run(check, *args, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    p = subprocess.run([check.binary, *args], env={**clean, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    return p.returncode, p.stdout, p.stderr


def check_health(check):
    with Daemon(check.binary, check.model) as d:
        for listen in (f"127.0.0.1:{d.port}", f"localhost:{d.port}", f"0.0.0.0:{d.port}", f"[::]:{d.port}"):
            check(f"ready by {listen}", run(check, "health", "--listen", listen) == (0, "", ""))
        check("by the environment", run(check, "health", T2V_LISTEN=f":{d.port}")[0] == 0)
    code, _, err = run(check, "health", "--listen", f":{d.port}")
    check("nobody is there", code == 1 and f"127.0.0.1:{d.port}: Connection refused" in err and f"[::1]:{d.port}: " in err, err)
    for listen in ("somewhere:80", "1.2.3.4", "::"):
        check(f"{listen} is refused", run(check, "health", "--listen", listen)[0] == 2)


def check_health_ipv6(check):
    """A service on IPv6 alone is found by an unspecified address, after 127.0.0.1 was tried."""
    try:
        with Daemon(check.binary, check.model, listen="[::1]:{}", host="::1") as d:
            for listen in (f":{d.port}", f"[::]:{d.port}", f"0.0.0.0:{d.port}", f"[::1]:{d.port}"):
                check(f"ready by {listen}", run(check, "health", "--listen", listen) == (0, "", ""), run(check, "health", "--listen", listen))
            code, _, err = run(check, "health", "--listen", f"127.0.0.1:{d.port}")
            check("another address is asked alone", code == 1 and "[::1]" not in err, err)
    except RuntimeError as e:
        if os.path.exists("/proc/net/if_inet6") and open("/proc/net/if_inet6").read():
            raise
        print(f"skipped, no IPv6 here: {e}"[:120])


def check_health_of_others(check):
    """A server that is no t2v, or is not ready."""
    for answer, word in ((b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "'HTTP/1.1 503"), (b"", "answers ''"), (b"x" * 500, "answers 'xxx"),
                         (b"HTTP/1.1 2044\r\n", None), (None, "too long")):
        with socket.create_server(("127.0.0.1", 0)) as s:
            def serve(s=s, answer=answer):
                conn, _ = s.accept()
                conn.recv(4096)
                if answer is None:
                    conn.recv(1)
                else:
                    conn.sendall(answer)
                conn.close()
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            code, _, err = run(check, "health", "--listen", f"127.0.0.1:{s.getsockname()[1]}")
            thread.join(10)
        if word is not None:
            check(f"{answer and answer[:20]!r} is not ready", code == 1 and word in err, (code, err))


def golden_of(check, config=None):
    texts = ["one text", "Another. Of two sentences!"]
    with Daemon(check.binary, check.model) as d:
        return texts, [d.ask(vectors({"text": t, "config": config})).json["vector"] for t in texts]


def check_inspect(check):
    """What a model is; a table of vectors has no encoder, and takes a text of any length."""
    golden = os.path.join(os.path.dirname(__file__), "..", "golden")
    for folder, has, lacks in (("bert-uncased", ["family      bert\n", "at most 500 tokens", "encoder     2 layers, hidden 32"], "for each"),
                               ("model2vec", ["family      model2vec\n", "1200 words, a vector for each\n", "12 components"], "encoder")):
        code, out, err = run(check, "inspect", "--model", os.path.join(golden, folder))
        check(folder, code == 0 and all(line in out for line in has) and lacks not in out.split("weights")[0], (out, err))
    out = run(check, "inspect", "--model", os.path.join(golden, "model2vec"), "--precision", "int8")[1]
    check("a table is of no other precision", "precision   f32" in out, out)


def check_settings_first(check):
    """What is wrong with a setting is said before a model is looked for."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        taken = f"127.0.0.1:{s.getsockname()[1]}"
        for args, env, code, words in ((["--listen", "1.2.3.4.5"], {}, 2, "1.2.3.4.5"), ([], {"AUTHENTICATION_ALLOWED_TOKENS": " ,\n"}, 2, "holds no token"),
                                       ([], {"T2V_CORS_ORIGINS": "nowhere"}, 2, "nowhere"), (["--listen", taken], {}, 1, f"cannot listen on {taken}: Address already in use")):
            got, _, err = run(check, "serve", "--model", "/nowhere", *args, **{"T2V_LISTEN": "127.0.0.1:0", **env})
            check(f"{args} {env}", got == code and words in err and "/nowhere" not in err.replace("'nowhere'", ""), (got, err))
        got, _, err = run(check, "serve", "--model", "/nowhere", "--listen", "127.0.0.1:0")
        check("then the model", got == 1 and "/nowhere" in err, err)


def check_wrong_models(check):
    """A path that is no model directory: what it is, and what to do."""
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        os.symlink("gone", at("dangling"))
        os.mkdir(at("empty"))
        for name in ("model.safetensors", "model.gguf", "model.onnx", "model.zip"):
            with open(at(name), "w", encoding="utf-8") as f:
                f.write("x")
        cases = [(at("nowhere"), "no such directory (see --model; `models/fetch NAME`"), (at("dangling"), "a link to gone, which is not there"),
                 ("sentence-transformers/all-MiniLM-L6-v2", "`models/fetch sentence-transformers/all-MiniLM-L6-v2` brings it"), (at("empty"), "an empty directory"),
                 (at("model.safetensors"), "a file; --model is the directory that holds"), (at("model.gguf"), "a GGUF file, which llama.cpp reads"),
                 (at("model.onnx"), "an ONNX file"), (at("model.zip"), "a zip file, to be unpacked first"), (at("model.zip/below"), "no such directory")]
        if os.geteuid() != 0:
            os.mkdir(at("closed"), 0)
            cases.append((at("closed"), "no permission"))
        for path, words in cases:
            for command in ("inspect", "tokens"):
                code, _, err = run(check, command, "--model", path)
                check(f"{command} {path}", code == 1 and path in err and words in err and err.count("\n") == 1, err)


def write_wrong_model(folder, model, drop=(), **files):
    """The model's small files less `drop`, and `files`: {name: bytes, or the target of a link}."""
    os.mkdir(folder)
    for name in {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"} - {*drop, *files}:
        shutil.copy(os.path.join(model, name), folder)
    for name, what in files.items():
        if isinstance(what, str):
            os.symlink(what, os.path.join(folder, name))
        else:
            with open(os.path.join(folder, name), "wb") as f:
                f.write(what)


def check_troubles(check):
    """doc/troubles.md quotes what is really said."""
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "doc", "troubles.md"), encoding="utf-8") as f:
        page = f.read()
    weights, config = "model.safetensors", {"config.json": b'{"model_type": "mamba"}'}
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 90868376\n"
    with open(os.path.join(check.model, weights), "rb") as f:
        half = f.read()[:-1000]
    bare = ("config.json", weights)
    cases = [((), {weights: "gone"}, f"{weights} is a link to a file that is not there (a hub snapshot was copied without its blobs?)"),
             ((), {weights: lfs}, f"{weights}: a Git LFS pointer, not the file itself; "), ((), {weights: half}, ": data_offsets lie beyond the end of the file"),
             ((), {weights: half[:100]}, f"{weights}: no safetensors file, or cut short: "), (("tokenizer.json",), {}, ": neither tokenizer.json nor vocab.txt is there"),
             ((weights,), {}, ": no weights that can be read; looked for "), (bare, {"NAME.gguf": b"x"}, ": no config.json, but NAME.gguf: a GGUF file, which llama.cpp reads; "),
             ((weights,), {"model.onnx": b"x"}, ": no weights that t2v reads: model.onnx is an ONNX file; "),
             (bare, {"adapter_config.json": b"{}"}, ": an adapter (LoRA) without its base model: "), ((), config, ": config.json: model_type 'mamba' is not supported; supported: ")]
    with tempfile.TemporaryDirectory() as folder:
        for i, (drop, files, words) in enumerate(cases):
            path = os.path.join(folder, str(i))
            write_wrong_model(path, check.model, drop, **files)
            code, _, err = run(check, "serve", "--model", path, "--listen", "127.0.0.1:0")
            check(words, code == 1 and err.startswith(f"t2v serve: {path}") and words in err, err)
            check(f"{words}: quoted", words.strip() in page)
        with socket.create_server(("127.0.0.1", 0)) as s:
            err = run(check, "serve", "--listen", f"127.0.0.1:{s.getsockname()[1]}")[2]
        check("a port that is taken", "cannot listen on" in err and "Address already in use" in err and "Address already in use" in page, err)
        err = run(check, "serve", "--model", "./models/model", "--listen", "127.0.0.1:0")[2]
        check("no model", "./models/model: no such directory (see --model; " in err and "./models/model: no such directory (see --model; " in page, err)


def check_tokens_of_files(check):
    """A token from a file has a line end; one within quotes is taken as it is, with a warning that does not show it."""
    for tokens, token, quotes in (("secret\n", "secret", False), ("other,\r\n secret\r\n", "secret", False), ('"secret"', '"secret"', True)):
        with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": tokens}) as d:
            a = d.ask(vectors({"text": "a"}, [f"Authorization: Bearer {token}"]))
            check(f"{tokens!r}", a.status == 200 and d.ask(vectors({"text": "a"}, ["Authorization: Bearer x"])).status == 401, a)
            check(f"{tokens!r}: a word of quotes", (d.said().count("with a quote") == 1) == quotes and "secret" not in d.said(), d.said())


def check_embed_flags(check):
    """A flag that would be ignored is an error; over HTTP the same is ignored, as upstream."""
    for args, words in ((["--pooling", "max"], "--pooling: expected masked_mean or cls, found 'max'"), (["--dimensions", "4"], "--dimensions has no effect on bert under the vectorizer default"),
                        (["--task", "query"], "--task has no effect on bert under the vectorizer default"),
                        (["--vectorizer", "onnx", "--pooling", "cls"], "--pooling has no effect on bert under the vectorizer onnx"),
                        (["--sentence-transformers", "--pooling", "cls"], "--pooling has no effect on bert under the vectorizer sentence-transformers"),
                        (["--sentence-transformers", "--task", "foo"], "--task: expected query or passage, found 'foo'")):
        code, out, err = run(check, "embed", "--model", check.model, *args)
        check(f"{args}", code == 2 and not out and words in err and "line 1" not in err, (code, err))
    for args in (["--pooling", "cls"], ["--query-passage-prefixes", "--task", "foo"], ["--sentence-transformers", "--task", "passage", "--dimensions", "4"]):
        check(f"{args} counts", run(check, "embed", "--model", check.model, *args)[0] == 0, args)
    with Daemon(check.binary, check.model) as d:
        check("over HTTP", d.ask(vectors({"text": "a", "config": {"dimensions": 4, "task_type": "foo"}})).json["dim"] == 32)


def check_decode(check):
    """tokens --decode: the way back, as transformers has it, and the mistakes that are said."""
    def decode(lines, *flags, model="bert-uncased"):
        folder = os.path.join(os.path.dirname(__file__), "..", "golden", model)
        p = subprocess.run([check.binary, "tokens", "--decode", "--model", folder, *flags], input=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        return p.returncode, [json.loads(x) for x in p.stdout.split("\n")[:-1]], p.stderr
    with open(os.path.join(os.path.dirname(__file__), "..", "golden", "token-decode", "models.json"), encoding="utf-8") as f:
        models = {m["folder"]: m for m in json.load(f)["models"] if "folder" in m}
    for name in ("bert-uncased", "qwen3-embedding", "embeddinggemma"):
        cases = models[name]["cases"]
        lines = "".join(json.dumps(c[0]) + "\n" for c in cases)
        ways = [[c[1] if c[k] is None else c[k] for c in cases] for k in (1, 2, 3, 4)]
        for flags, way in (([], 3 if models[name]["tidies"] else 1), (["--keep-special"], 2 if models[name]["tidies"] else 0), (["--raw"], 1), (["--raw", "--keep-special"], 0)):
            code, out, err = decode(lines, *flags, model=name)
            check(f"{name} {flags}", code == 0 and out == ways[way] and not err, (code, err))
    check("nobody's ids, and none", decode("[1200, 4000000000]\n\n[]\n") == (0, ["", ""], ""))
    for line, words in (('"a"', "expected an array of token ids, found a string"), ("[5, -1]", "[1] is not a token id"), ("[1.5]", "[0] is not a token id"), ("[5", "line 2")):
        code, out, err = decode("[5]\n" + line)
        check(line, code == 1 and len(out) == 1 and "line 2" in err and words in err, (code, out, err))
    code, out, err = run(check, "tokens", "--raw", "--model", check.model)
    check("--raw alone", code == 2 and "--raw means nothing without --decode" in err, (code, err))


def check_offsets(check):
    """tokens --offsets: the same ids, and the part of the text of each; special tokens have none."""
    folder, text = os.path.join(os.path.dirname(__file__), "..", "golden", "bert-uncased"), "\u00dcber  na\u00efve \U0001f600"
    def tokens(*flags):
        p = subprocess.run([check.binary, "tokens", "--model", folder, *flags], input=json.dumps(text) + "\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        return p.returncode, p.stdout, p.stderr
    code, out, err = tokens("--offsets")
    got = json.loads(out) if code == 0 else {}
    check("an object", list(got) == ["ids", "offsets", "bytes"], (code, out, err))
    plain = json.loads(tokens()[1])
    check("ids", got["ids"] == plain and len({len(v) for v in got.values()}) == 1, (got, plain))
    check("special tokens", got["offsets"][0] == got["offsets"][-1] == got["bytes"][0] == [0, 0], got)
    for (b, e), (b8, e8) in zip(got["offsets"], got["bytes"]):
        check(f"[{b}, {e})", text[b:e].encode() == text.encode()[b8:e8], (b8, e8))
    check("all of it", {i for b, e in got["offsets"] for i in range(b, e)} == set(range(len(text))) - {4, 5, 11}, got)


def check_inspect_forms(check):
    """--json is one line of JSON, --short lacks the tensors."""
    golden = os.path.join(os.path.dirname(__file__), "..", "golden")
    for folder in ("bert-uncased", "model2vec"):
        model = os.path.join(golden, folder)
        text = run(check, "inspect", "--model", model)[1]
        short = run(check, "inspect", "--model", model, "--short")
        check(f"{folder}: short", short == (0, text.split("\n  ")[0] + "\n", "") and short[1].count("\n") < 12, short)
        code, out, err = run(check, "inspect", "--model", model, "--json")
        j = json.loads(out)
        check(f"{folder}: one line", code == 0 and out.count("\n") == 1 and not err, (out, err))
        facts = [f"{k:<12}{v}" for k, v in (("model", j["model"]), ("family", j["family"]), ("vectorizer", j["vectorizer"]), ("precision", f"{j['precision']}, {j['kernels']} kernels"), ("tokenizer", j["tokenizer"]),
                                            ("vectors", f"{j['dimensions']} components: {j['pipeline']}"), ("weights", f"{j['tensors']} tensors, {j['numbers']} numbers, {j['bytes'] / 1e6:.1f} MB"))]
        check(f"{folder}: the same facts", all(x in text.splitlines() for x in facts) and ("layers" in j) == (folder == "bert-uncased"), (facts, text[:900]))
        tensors = [f"  {t['name']:<60} {t['dtype']:<4} {t['shape']}" for t in j.pop("weights")]
        check(f"{folder}: the same tensors", tensors == text.splitlines()[-len(tensors):] and len(tensors) == j["tensors"], tensors[:2])
        out = run(check, "inspect", "--model", model, "--json", "--short")[1]
        check(f"{folder}: short JSON", json.loads(out) == j, out)
    code, out, err = run(check, "inspect", "--json", "--model", "/nowhere")
    check("a model that is none", code == 1 and not out and "/nowhere" in err, (out, err))


STRANGE = "a\x1b]0;owned\x07\x7f\u009b31m\u202egnp.exe\u2066"


def acts(text):
    """What in a text would act on a terminal."""
    return [c for c in text if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e or 0x2066 <= ord(c) <= 0x2069]


def add_tensor(path, name):
    """A tensor of one number more in a safetensors file."""
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header, data = json.loads(f.read(length)), f.read()
    header[name] = {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}
    head = json.dumps(header, ensure_ascii=False).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + data + bytes(4))


def check_strange_names(check):
    """Names that a checkpoint or a corpus brings reach no terminal raw; JSON has them as they are."""
    with tempfile.TemporaryDirectory() as root:
        model = os.path.join(root, "model")
        shutil.copytree(check.model, model)
        add_tensor(os.path.join(model, "model.safetensors"), STRANGE)
        code, out, err = run(check, "inspect", "--model", model)
        check("a tensor's name", code == 0 and not acts(out) and "a\\x1b]0;owned\\x07\\x7f\\u009b31m\\u202egnp.exe\\u2066 " in out, (err, out[-300:]))
        code, out, err = run(check, "inspect", "--model", model, "--json")
        check("in JSON", code == 0 and not acts(out) and STRANGE in [t["name"] for t in json.loads(out)["weights"]], (err, out[-300:]))
        corpus = os.path.join(root, "corpus.json")
        for name in (STRANGE, 'quote " and \\', "long " * 100):
            for against in ((), ("--against", "f32")):
                with open(corpus, "w", encoding="utf-8") as f:
                    json.dump({name: ["one", "two"]}, f)
                code, out, err = run(check, "bench", "--model", model, "--corpus", corpus, *against)
                check("a set's name", code == 0 and not acts(out) and json.loads(out)["set"] == name, (code, out, err))
        with open(corpus, "w", encoding="utf-8") as f:
            json.dump({STRANGE: []}, f)
        err = run(check, "bench", "--model", model, "--corpus", corpus)[2]
        check("in a message", "\\u009b31m\\u202egnp" in err and not acts(err), err)
        strange = os.path.join(root, STRANGE.replace("/", ""))
        os.rename(model, strange)
        out = run(check, "inspect", "--model", strange, "--short")[1]
        check("a directory's", "\\u202egnp.exe" in out and not acts(out), out)


def check_links(check):
    """Links are followed within the model directory and its hub cache; one that leads out ends the start, named with its target."""
    with tempfile.TemporaryDirectory() as root:
        secret = os.path.join(root, "secret.json")
        with open(secret, "w", encoding="utf-8") as f:
            json.dump({"model_type": "bert", "password": "Secret"}, f)

        def copied(name):
            shutil.copytree(os.path.join(os.path.dirname(check.model), "st-dense"), os.path.join(root, name))
            return os.path.join(root, name)

        def instead(path, target):
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
            os.symlink(target, path)

        other = os.path.realpath(check.model)
        for n, (link, target, to) in enumerate((
                ("config.json", secret, secret), ("config.json", "../secret.json", secret), ("model.safetensors", other + "/model.safetensors", other),
                ("tokenizer.json", other + "/tokenizer.json", other), ("1_Pooling/config.json", secret, secret), ("3_Dense", other, other), ("model_config", secret, secret),
                ("tokenizer_config.json", "/dev/null", "/dev/null"), ("onnx_runtime", "/proc/self/environ", "/proc/"))):
            model = copied(f"out{n}")
            if link == "model_config":
                open(os.path.join(model, "model_name"), "w").close()
            instead(os.path.join(model, link), target)
            for command in ("inspect", "serve"):
                code, out, err = run(check, command, "--model", model, "--sentence-transformers", T2V_LISTEN="127.0.0.1:0")
                check(f"{command}: {link} -> {target}", code == 1 and f"out{n}/{link}" in err and f"leads out of the model directory, to {to}" in err and "Secret" not in err, (code, out, err))
        mounted = copied("mounted")  # as Kubernetes mounts a ConfigMap or a projected volume
        os.mkdir(os.path.join(mounted, "..2026_11_29"))
        os.symlink("..2026_11_29", os.path.join(mounted, "..data"))
        for name in ("config.json", "model.safetensors", "1_Pooling"):
            os.rename(os.path.join(mounted, name), os.path.join(mounted, "..2026_11_29", name))
            os.symlink("..data/" + name, os.path.join(mounted, name))
        cache = os.path.join(root, "models--owner--name")  # as the hub's library keeps a model
        os.makedirs(os.path.join(cache, "blobs"))
        snapshot = os.path.join(cache, "snapshots", "0a1b")
        os.mkdir(os.path.dirname(snapshot))
        os.rename(copied("flat"), snapshot)
        for n, path in enumerate(("config.json", "model.safetensors", "1_Pooling/config.json")):
            os.rename(os.path.join(snapshot, path), os.path.join(cache, "blobs", str(n)))
            os.symlink("../" * (2 + path.count("/")) + f"blobs/{n}", os.path.join(snapshot, path))
        os.symlink(snapshot, os.path.join(root, "link"))
        want = run(check, "inspect", "--model", copied("plain"), "--sentence-transformers")[1].split("\n", 1)[1]
        for model in (mounted, snapshot, os.path.join(root, "link")):
            code, out, err = run(check, "inspect", "--model", model, "--sentence-transformers")
            check(f"{model} is followed", code == 0 and out.split("\n", 1)[1] == want, (code, out, err))


def check_help(check):
    """What people type who do not know the commands."""
    usage, version = run(check, "--help"), run(check, "--version")
    check("a usage", usage[0] == 0 and usage[1].startswith("usage: t2v COMMAND"), usage)
    for word in ("help", "-h"):
        check(word, run(check, word) == usage, run(check, word))
    for word in ("version", "-V"):
        check(word, run(check, word) == version and version[1].startswith("t2v "), run(check, word))
    check("help of a command", run(check, "help", "embed") == run(check, "embed", "--help") and "--pooling" in run(check, "help", "embed")[1])
    for typed, meant in (("sevre", "serve"), ("Serve", "serve"), ("server", "serve"), ("self-test", "selftest"), ("helth", "health"), ("benchmark", "bench"), ("embeddings", "embed")):
        code, out, err = run(check, typed)
        check(typed, code == 2 and not out and f"unknown command '{typed}', did you mean '{meant}'?" in err, err)
    for args in (["nope"], ["help", "nope"]):
        code, _, err = run(check, *args)
        check(f"{args} means nothing", code == 2 and "unknown command 'nope'\n" in err and "did you mean" not in err, err)
    code, _, err = run(check, "--model", "x")
    check("a flag without a command", code == 2 and "'--model': a command comes first" in err, err)
    code, _, err = run(check, "inspect", "--mdoel=secret")
    check("a flag", code == 2 and "unknown flag '--mdoel', did you mean --model?" in err and "secret" not in err, err)


def check_environment(check):
    """Names that begin with T2V_ and are no setting: a warning with what was meant; Kubernetes's own mean nothing."""
    wrong = {"T2V_THREAD": "T2V_THREADS", "T2V_MODEL_PATH": "T2V_MODEL", "T2V_CACHE": "ENABLE_CACHE", "T2V_ENABLE_CACHE": "ENABLE_CACHE",
             "T2V_AUTHENTICATION_ALLOWED_TOKENS": "AUTHENTICATION_ALLOWED_TOKENS", "T2V_DIRECT_TOKENIZE": "T2V_TRANSFORMERS_DIRECT_TOKENIZE",
             "T2V_PRECISON": "T2V_PRECISION", "T2V_LOGLEVEL": "T2V_LOG_LEVEL", "T2V_SERVICE_HOST": None, "T2V_PORT": None, "T2V_PORT_8080_TCP_ADDR": None}
    with Daemon(check.binary, check.model, env={k: "x" for k in wrong}) as d:
        for name, meant in wrong.items():
            line = next((x for x in d.said().splitlines() if f" {name} is no setting" in x), "")
            check(name, line.endswith(f"ignored (did you mean {meant}?)" if meant else "ignored"), line)


def check_full(check):
    """What cannot be printed is an error, whoever printed it."""
    with open("/dev/full", "w") as full:
        for args in (["inspect", "--model", check.model], ["selftest", "--model", check.model], ["serve", "--help"]):
            ran = subprocess.run([check.binary, *args], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            check(f"{args[0]} to a full disk", ran.returncode == 1 and "standard output: No space left" in ran.stderr, ran)


def check_selftest(check):
    texts, want = golden_of(check)
    with tempfile.TemporaryDirectory() as folder:
        model = shutil.copytree(check.model, os.path.join(folder, "model"))

        def selftest(golden, *flags):
            with open(os.path.join(model, "golden.json"), "w", encoding="utf-8") as f:
                f.write(golden if isinstance(golden, str) else json.dumps(golden))
            return run(check, "selftest", "--model", model, *flags)

        def of(vectors, **more):
            return {"texts": texts, "cases": [{"vectorizer": "default", "index": [0, 1], "vectors": vectors, **more}]}
        packed = [base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode() for v in want]
        code, out, err = run(check, "selftest", "--model", check.model)
        check("without golden answers", code == 0 and out.startswith("ok: 0 golden"), (out, err))
        for what, golden in (("numbers", of(want)), ("base64", of(packed))):
            code, out, err = selftest(golden)
            check(what, code == 0 and out.startswith("ok: 2 golden answers, off by ") and "of the largest component" in out, (out, err))
        code, out, err = selftest(of(want), "--precision", "int8")
        check("int8 is near", code == 0 and out.startswith("ok: 2 golden answers, cosines of 1 - "), (out, err))
        code, out, err = selftest(of(want, vectorizer="onnx"))
        check("another vectorizer's case is passed over", code == 0 and out.startswith("ok: 0 golden"), (out, err))
        off = [want[0], [*want[1][:-1], want[1][-1] + 1e-3]]
        code, out, err = selftest(of(off))
        check("off", code == 1 and "golden.json: 'Another." in err and "not the golden one" in err, (out, err))
        off[1][-1] = float("nan")
        check("a NaN", selftest(of(off))[0] == 1)
        check("a NaN in base64", selftest(of([packed[0], base64.b64encode(struct.pack(f"<{len(off[1])}f", *off[1])).decode()]))[0] == 1)
        for what, golden in (("short", of([want[0][:-1], want[1]])), ("short base64", of([packed[0][:-4], packed[1]])), ("not base64", of(["!" + packed[0][1:], packed[1]])),
                             ("no vectors", of([])), ("wrong index", of(want, index=[0, 2])), ("wrong index", of(want, index=[-1, 0])), ("not JSON", "{"),
                             ("no cases", "{}"), ("a list", "[]"), ("no index", of(want, index=None)), ("one index", of(want, index=[0])), ("no texts", {"cases": of(want)["cases"]}), ("a text", of(["", ""], index=["x", None]))):
            code, out, err = selftest(golden)
            check(f"{what} is refused", code == 1 and "golden" in err, (code, out, err))
        check("cases that are none", selftest({"texts": texts, "cases": [1, None, {}, [], {"vectorizer": "onnx"}]})[0] == 0)
