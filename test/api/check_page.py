# SPDX-License-Identifier: BSD-3-Clause
"""The page at GET /: who gets it, its headers and its size, that it loads nothing from elsewhere, and the setting that turns it off."""
import re

from daemon import Daemon, request

BROWSER = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FILES = {"/": "text/html; charset=utf-8", "/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8"}
POLICY = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "base-uri": "'none'",
          "form-action": "'none'", "frame-ancestors": "'none'"}


def is_empty(a):
    return a.status == 200 and a.body == b"" and a.headers["content-length"] == "0" and "content-type" not in a.headers


def pages(d):
    return {path: d.ask(request("GET", path, headers=[BROWSER])) for path in FILES}


def check_page_headers(check):
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": "t"}) as d:
        for path, a in pages(d).items():
            check(f"{path} needs no token", a.status == 200 and a.headers["content-type"] == FILES[path], a)
            check(f"{path} is nosniff", a.headers["x-content-type-options"] == "nosniff", a)
            with d.connect() as c:
                c.send(request("HEAD", path, headers=[BROWSER]))
                head = c.read(head_only=True)
                check(f"HEAD {path}", head.status == 200 and head.headers["content-length"] == str(len(a.body)) and c.rest == b"", head)
            check(f"POST {path}", d.ask(request("POST", path, b"{}")).status == (401 if path == "/" else 405))
        a = pages(d)["/"]
        policy = dict(part.strip().split(" ", 1) for part in a.headers["content-security-policy"].split(";"))
        check("the policy", policy == POLICY, policy)
        check("caches keep both answers apart", a.headers["vary"] == "Accept", a)
    origins = ",".join(f"https://{i}.example" for i in range(5))
    with Daemon(check.binary, check.model, env={"T2V_CORS_ORIGINS": origins}) as d:
        a = d.ask(request("GET", "/", headers=[BROWSER, "Origin: https://1.example"]))
        check("with CORS", a.status == 200 and a.headers["access-control-allow-origin"] == "https://1.example", a)


def check_page_accept(check):
    """Only who names text/html gets the page; health checks and curl get the empty 200."""
    with Daemon(check.binary, check.model) as d:
        for accept in [], ["Accept: */*"], ["Accept: text/*"], ["Accept: application/json"], ["Accept: text/html;q=0"], ["Accept:"]:
            check(f"{accept} gets no page", is_empty(a := d.ask(request("GET", "/", headers=accept))), a)
        for accept in "text/html", "TEXT/HTML", "application/json, text/html;q=0.5":
            a = d.ask(request("GET", "/", headers=["Accept: " + accept]))
            check(f"{accept} gets the page", a.body.startswith(b"<!DOCTYPE html>"), a)
        a = d.ask(request("GET", "/", headers=["Accept: */*", "Accept: text/html"]))
        check("the first Accept counts", is_empty(a), a)
        for path in "/page.css/", "//page.js":
            check(path, d.get(path).status == 200)


def check_page_content(check):
    with Daemon(check.binary, check.model) as d:
        text = {path: a.body.decode() for path, a in pages(d).items()}
    size = sum(len(t.encode()) for t in text.values())
    check("below 60 KB in all", 0 < size < 60_000, size)
    for path, t in text.items():
        check(f"{path} loads nothing from elsewhere", not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"^\s*//.*|;\s*//.*| // .*", "", t, flags=re.M)))
    html, script = text["/"], text["/page.js"]
    check("no inline script, style or handler", not re.search(r"<style|\bstyle=|\bon[a-z]+=|<script(?![^>]* src=)|javascript:", html))
    check("text is never inserted as HTML", not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script))
    labels = set(re.findall(r'<label for="([^"]+)"', html))
    fields = re.findall(r"<(?:input|textarea|select)\b[^>]*\bid=\"([^\"]+)\"", html)
    check("each field has a label", len(fields) == len(re.findall(r"<(?:input|textarea|select)\b", html)) and set(fields) == labels, (fields, labels))


def check_page_off(check):
    for off in {"args": ["--page", "false"]}, {"env": {"T2V_PAGE": "off"}}:
        with Daemon(check.binary, check.model, *off.get("args", []), env=off.get("env")) as d:
            got = pages(d)
            check(f"{off}: no page", is_empty(got["/"]), got["/"])
            for path in "/page.css", "/page.js":
                check(f"{off}: {path} is 404", got[path].status == 404 and got[path].json == {"error": "no such path"}, got[path])
