# SPDX-License-Identifier: BSD-3-Clause
"""A sidecar that dies and comes back, one that is told to end while it imports, one that comes back with another model, one whose
connections break, and a Weaviate that may not or cannot find it."""
import os
import signal
import threading
import time

from breaker import Breaker
from check_import import import_all
from sidecar import Sidecar, distance
from texts import texts
from weaviate import Weaviate

TEXTS = [text for _, text in texts(400)]


def said_by(call):
    """What a search said when it failed; "" when it did not."""
    try:
        call()
        return ""
    except RuntimeError as e:
        return str(e)


def until(condition, wait_s=30):
    end = time.monotonic() + wait_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)


def dies(check, weaviate, sidecar):
    weaviate.create("Dies")
    failed, sent = {}, sidecar.answered()
    importer = threading.Thread(target=lambda: failed.update(import_all(weaviate, "Dies", TEXTS, 1)))
    importer.start()
    until(lambda: sidecar.answered() > sent + 20)
    sidecar.kill()
    importer.join(120)
    check("killed in an import: some objects fail, some are in", 0 < len(failed) < len(TEXTS) and not importer.is_alive(), len(failed))
    check("each failure has its reason", all("connect" in e or "EOF" in e or "reset" in e for e in failed.values()),
          sorted(set(failed.values()))[:3])
    stored = weaviate.stored("Dies")
    check("what failed is not stored, the rest is, with vectors",
          set(stored) == set(range(len(TEXTS))) - set(failed) and all(v for _, v in stored.values()), len(stored))
    check("a query says why it cannot be", "connect" in (said := said_by(lambda: weaviate.near_text("Dies", TEXTS[0]))), said)
    meta = weaviate.must("GET", "/v1/meta")["modules"]["text2vec-transformers"]
    check("Weaviate lives on, and says what is missing", weaviate.alive() and "connect" in meta.get("error", ""), meta)
    return failed


def comes_back(check, weaviate, failed):
    for i in failed:
        failed[i] = weaviate.batch("Dies", [TEXTS[i]], i)
    check("what had failed goes in", not any(failed.values()), [e for e in failed.values() if e][:1])
    check("all are there", len(weaviate.stored("Dies")) == len(TEXTS))
    check("and are found", weaviate.near_text("Dies", TEXTS[7])[0][0] == TEXTS[7])


def ends_gently(check, weaviate, sidecar):
    """SIGTERM in an import: what is sent while it drains is answered, so that an orchestrator can start another meanwhile."""
    weaviate.create("Gentle")
    done = {}
    importer = threading.Thread(target=lambda: done.update(failed=weaviate.batch("Gentle", TEXTS[:200])))
    sent = sidecar.answered()
    importer.start()
    until(lambda: sidecar.answered() > sent + 5)
    sidecar.process.send_signal(signal.SIGTERM)
    importer.join(120)
    check("SIGTERM in an import: nothing fails", done.get("failed") == {}, str(done)[:300])
    check("then it ends", sidecar.wait() == 0, sidecar.said()[-300:])


def other_model(check, weaviate, port):
    with Sidecar(check, os.path.join(check.golden, "bert-uncased"), port):
        failed = weaviate.batch("Dies", ["A text that came too late."], 5000)
        said = failed.get(5000, "")
        check("an object of another dimension is refused, and says so", all(w in said for w in ("384", "32", "dimensions do not match")), failed)
        said = said_by(lambda: weaviate.near_text("Dies", TEXTS[0]))
        check("so is a query", "vector lengths don't match" in said, said)
        check("Weaviate lives on", weaviate.alive())
        weaviate.create("Other")
        check("a new class takes the new model", weaviate.batch("Other", TEXTS[:50]) == {})
        check("and finds", weaviate.near_text("Other", TEXTS[3])[0][1] < 1e-4, weaviate.near_text("Other", TEXTS[3]))
    with Sidecar(check, None, port):
        check("the first model again: the old class is as it was", weaviate.near_text("Dies", TEXTS[7])[0][0] == TEXTS[7])


def check_trouble(check):
    with Sidecar(check) as sidecar, Weaviate(check.weaviate, {"TRANSFORMERS_INFERENCE_API": sidecar.url}) as weaviate:
        failed = dies(check, weaviate, sidecar)
        with Sidecar(check, None, sidecar.port, "--drain", str(20 * check.slack)) as again:
            comes_back(check, weaviate, failed)
            ends_gently(check, weaviate, again)
        other_model(check, weaviate, sidecar.port)


def check_broken_connections(check):
    """Weaviate sends a request again whose pooled connection broke; t2v answers it, and counts the first as cancelled."""
    some = TEXTS[:200]
    with Sidecar(check) as sidecar, Breaker(sidecar.port) as breaker, Weaviate(check.weaviate, {"TRANSFORMERS_INFERENCE_API": sidecar.url}) as weaviate:
        weaviate.create("Broken", inferenceUrl=breaker.url)
        failed = import_all(weaviate, "Broken", some, 2)
        check("nothing fails", not failed, list(failed.items())[:2])
        check("though connections broke", breaker.broken > len(some) / 4, breaker.broken)
        stored = weaviate.stored("Broken")
        own = sidecar.vectors(some, "passage")
        far = max((distance(stored[i][1], v) if stored.get(i, ("", None))[1] else 9 for i, v in enumerate(own)), default=9)
        check("all have the sidecar's own vectors", len(stored) == len(some) and far < 1e-6, (len(stored), far))

        def counted():
            return sidecar.answered() - 1, sidecar.metric("t2v_cancelled_total")

        until(lambda: sum(counted()) == len(breaker.posts))
        check("each request is answered or cancelled", sum(counted()) == len(breaker.posts), (counted(), len(breaker.posts), breaker.broken))
        check("none is under way", sidecar.metric("t2v_waiting_requests") == 0)


def check_validated_url(check):
    """MODULES_VALIDATE_BASE_URL=true: Weaviate dials no internal address, so no sidecar. doc/troubles.md quotes what it says."""
    words = "refusing to dial internal address"
    with Sidecar(check) as sidecar:
        setting = {"MODULES_VALIDATE_BASE_URL": "true", "TRANSFORMERS_INFERENCE_API": sidecar.url}
        with Weaviate(check.weaviate, setting, wait=False) as weaviate:
            until(lambda: words in weaviate.said())
            check("it waits, and says why", words in weaviate.said() and weaviate.process.poll() is None and not weaviate.ready(), weaviate.said()[-500:])
        with Weaviate(check.weaviate, {**setting, "TRANSFORMERS_WAIT_FOR_STARTUP": "false"}) as weaviate:
            weaviate.create("Shut")
            failed = weaviate.batch("Shut", TEXTS[:2])
            check("an object says why", len(failed) == 2 and all(words in e for e in failed.values()), failed)
            check("so does a query", words in (said := said_by(lambda: weaviate.near_text("Shut", TEXTS[0]))), said)
            meta = weaviate.must("GET", "/v1/meta")["modules"]["text2vec-transformers"]
            check("and /v1/meta", words in meta.get("error", ""), meta)
        ready = sidecar.metric('t2v_requests_total{route="/.well-known/ready",status="204"}')
        check("t2v has seen nothing of it", ready == sidecar.answered() == 0, (ready, sidecar.answered()))


def check_slash(check):
    """A slash at the address's end, so that each path begins with two."""
    with Sidecar(check) as sidecar, Weaviate(check.weaviate, {"TRANSFORMERS_INFERENCE_API": sidecar.url + "/"}) as weaviate:
        weaviate.create("Slash")
        check("objects go in", weaviate.batch("Slash", TEXTS[:5]) == {})
        check("and are found", weaviate.near_text("Slash", TEXTS[3])[0][0] == TEXTS[3])


def check_wrong_urls(check):
    """What Weaviate says of a TRANSFORMERS_INFERENCE_API that is wrong; doc/troubles.md quotes it."""
    with open(os.path.join(check.golden, "..", "..", "doc", "troubles.md"), encoding="utf-8") as f:
        page = f.read()
    only = "TRANSFORMERS_INFERENCE_API"
    with Sidecar(check) as sidecar:
        cases = [({only: sidecar.url + "/vectors"}, "not ready: status 404"),
                 ({only: f"localhost:{sidecar.port}"}, 'unsupported protocol scheme "localhost"'),
                 ({only: f"127.0.0.1:{sidecar.port}"}, "first path segment in URL cannot contain colon"),
                 ({only: f"https://127.0.0.1:{sidecar.port}"}, "http: server gave HTTP response to HTTPS client"),
                 ({only: "http://127.0.0.1:1"}, "connect: connection refused"), ({only: "http://::1:8080"}, 'invalid port "::1:8080" after host'),
                 ({}, "required variable TRANSFORMERS_INFERENCE_API or both variables TRANSFORMERS_PASSAGE_INFERENCE_API and "
                      "TRANSFORMERS_QUERY_INFERENCE_API are not set"),
                 ({only: sidecar.url, "TRANSFORMERS_QUERY_INFERENCE_API": sidecar.url}, "either variable TRANSFORMERS_INFERENCE_API or both variables "),
                 ({only: sidecar.url, "ENABLE_MODULES": ""}, 'default vectorizer module: no module with name "text2vec-transformers" present')]
        for setting, words in cases:
            with Weaviate(check.weaviate, setting, wait=False) as weaviate:
                def said(weaviate=weaviate):
                    return weaviate.said().replace('\\"', '"')
                until(lambda said=said, words=words: words in said())
                check(f"{setting}: {words}", words in said() and not weaviate.ready(), said()[-600:])
                check(f"{words}: quoted", words.strip() in page)
