# SPDX-License-Identifier: BSD-3-Clause
"""The model hub over HTTP: what a repository holds, and its files, resumed and tried again, checked by size and digest.

The hub and what lies between are not trusted: answers and the time for them are bounded, digests are checked, and the token goes
to no other host than the endpoint's own.
"""
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

ENDPOINT = "https://huggingface.co"  # where HF_ENDPOINT names no other
ANSWER_BYTES = 64 << 20  # of a list of files, at most
CHUNK_BYTES = 1 << 20
PAUSE_MAX = 60  # seconds
REDIRECTS = 10
TRIES = 6


class Failed(Exception):
    """It cannot be had; the message, one line, says why."""


class Broken(Exception):
    """It may go better next time. after: seconds to wait first. moved: bytes came, so this is no repetition."""

    def __init__(self, message, after=0, moved=False):
        super().__init__(message)
        self.after, self.moved = after, moved


class File:
    """What is known of a file: its size, or None, and its digests as (kind, hex, who says so)."""

    def __init__(self, size=None):
        self.size, self.digests = size, []

    def add(self, digest, origin):
        """sha256 is 64 digits long, git's own digest of a small file 40; anything else is no digest."""
        digest = digest.lower() if isinstance(digest, str) else ""
        kind = {64: "sha256", 40: "git-sha1"}.get(len(digest))
        if kind and re.fullmatch("[0-9a-f]+", digest) and (kind, digest) not in [d[:2] for d in self.digests]:
            self.digests.append((kind, digest, origin))


class KeepAsIs(urllib.request.HTTPErrorProcessor):
    """Redirects and errors come back as answers, so that we decide who sees the token."""

    def http_response(self, request, response):
        return response

    https_response = http_response


def origin(url):
    """(scheme, host, port), with None for what a broken URL lacks."""
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None, None, None


def digests_of(path):
    """{kind: hex} of a file on disk."""
    plain, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % os.path.getsize(path))
    with open(path, "rb") as f:
        while chunk := f.read(CHUNK_BYTES):
            plain.update(chunk)
            git.update(chunk)
    return {"sha256": plain.hexdigest(), "git-sha1": git.hexdigest()}


def wrong(path, file):
    """What is wrong with the file at path, or None."""
    size = os.path.getsize(path)
    if file.size is not None and size != file.size:
        return f"{size} bytes, should be {file.size}"
    have = digests_of(path)
    for kind, digest, says in file.digests:
        if have[kind] != digest:
            return f"its {kind} is {have[kind]}, by {says} it should be {digest}"
    return None


@contextlib.contextmanager
def within(seconds, what):
    """Failed after that many seconds, whatever is being waited for: time-outs of sockets do not end a header that drips. For the
    main thread."""
    def over(*_):
        raise Failed(f"{what}: not done within {seconds:g} s (--timeout); what has come is kept, run this again to go on")
    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 10)  # again later: Python drops what is raised in a destructor
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tries(n):
    return "1 try" if n == 1 else f"{n} tries"


class Hub:
    """say: called with a line for the user. timeout: seconds without a byte. pause: seconds before the second try, doubled for each
    one more. tries: without a byte of progress between them."""

    def __init__(self, endpoint, token, say, timeout=30.0, pause=1.0, tries=TRIES):
        self.endpoint = endpoint.rstrip("/")
        if origin(self.endpoint)[0] not in ("http", "https") or not origin(self.endpoint)[1]:
            raise Failed(f"HF_ENDPOINT should be like {ENDPOINT}, and is {endpoint!r}")
        if token and not re.fullmatch(r"[!-~]+", token):
            raise Failed("HF_TOKEN has characters that no token has")
        self.token, self.say, self.timeout, self.pause, self.tries = token, say, timeout, pause, tries
        self.opener = urllib.request.build_opener(KeepAsIs)

    # --- one request ---

    def ask(self, url, headers):
        """One request, no redirect followed."""
        request = urllib.request.Request(url, headers={"User-Agent": "t2v-fetch", "Accept-Encoding": "identity", **headers})
        if self.token and origin(url) == origin(self.endpoint):
            request.add_unredirected_header("Authorization", "Bearer " + self.token)
        try:
            return self.opener.open(request, timeout=self.timeout)
        except urllib.error.URLError as e:
            if isinstance(e.reason, ssl.SSLCertVerificationError):
                raise Failed(f"{origin(url)[1]}: {e.reason.verify_message}") from None
            if isinstance(e.reason, socket.gaierror):
                passing = Broken if e.reason.errno == socket.EAI_AGAIN else Failed
                raise passing(f"{origin(url)[1]}: {e.reason.strerror}; HF_ENDPOINT can name a mirror of the hub") from None
            raise Broken(f"{origin(url)[1]}: {getattr(e.reason, 'strerror', None) or e.reason}") from None
        except (http.client.InvalidURL, UnicodeError) as e:
            raise Failed(f"{origin(url)[1]}: {e}") from None
        except (http.client.HTTPException, OSError) as e:
            raise Broken(f"{origin(url)[1]}: {e or type(e).__name__}") from None

    def follow(self, url, headers):
        """(answer, headers that the hub itself sent on the way)."""
        seen = {}
        for _ in range(REDIRECTS):
            answer = self.ask(url, headers)
            moved = answer.status in (301, 302, 303, 307, 308)
            if origin(url) == origin(self.endpoint):
                own = {name.lower(): value for name, value in answer.headers.items()}
                if moved:
                    own.pop("etag", None)  # of the redirect, not of the file
                seen.update(own)
            if not moved:
                return answer, seen
            answer.close()
            place = answer.headers.get("Location") or ""
            try:
                last, url = url, urllib.parse.urljoin(url, place)
            except ValueError:
                last, url = url, ""
            scheme, host, _ = origin(url)
            if scheme not in ("http", "https") or not host or (origin(last)[0], scheme) == ("https", "http"):
                raise Failed(f"{origin(last)[1]} sends us on to {place!r}, where we do not go")
        raise Failed(f"{origin(url)[1]} sends us round in circles")

    def open(self, path, model, what, headers=None):
        """An answer of 200, 206 or 416, with the hub's own headers; else why not."""
        answer, own = self.follow(self.endpoint + path, headers or {})
        if answer.status in (200, 206, 416):
            return answer, own
        status, code = answer.status, answer.headers.get("X-Error-Code") or own.get("x-error-code") or ""
        answer.close()
        if status in (408, 429) or status >= 500:
            after = answer.headers.get("Retry-After") or ""
            raise Broken(f"the hub says {status}", int(after) if after.isdecimal() and len(after) < 6 else 0)
        raise Failed(self.explain(status, code, model, what))

    def explain(self, status, code, model, what):
        if code == "GatedRepo":
            return f"{model} is gated: accept its terms on its page, then set HF_TOKEN" + (
                ", whose owner has not been let in so far" if self.token else "")
        if status == 401:
            return f"the hub does not know {model}, or not for everybody: HF_TOKEN " + (
                "is refused" if self.token else "is not set")
        if status == 403:
            return f"the hub does not let us have {what}" + (": HF_TOKEN may not read it" if self.token else "")
        if status == 404:
            return {"RevisionNotFound": f"{model} has no such revision: {what}",
                    "EntryNotFound": f"{model} does not have {what}"}.get(code, f"the hub does not know {model}: {what}")
        return f"the hub says {status} to {what}"

    def again(self, what, attempt):
        """Tries, and tries again with longer and longer pauses."""
        failures, pause = 0, self.pause
        while True:
            try:
                return attempt()
            except Broken as e:
                if e.moved:
                    failures, pause = 0, self.pause
                failures += 1
                if failures >= self.tries:
                    raise Failed(f"{what}: {e}; gave up after {tries(self.tries)}, run this again to go on") from None
                seconds = min(max(pause, e.after), PAUSE_MAX)
                self.say(f"{what}: {e}; again in {seconds:g} s")
                time.sleep(seconds)
                pause *= 2

    # --- what a repository holds ---

    def list_body(self, model, revision):
        """The bytes of the answer that says what a model has at a revision."""
        what = f"{model} at {revision}"
        path = f"/api/models/{model}/revision/{urllib.parse.quote(revision, safe='')}?blobs=true"

        def attempt():
            answer, _ = self.open(path, model, what)
            with answer:
                try:
                    body = answer.read(ANSWER_BYTES + 1)
                except (http.client.HTTPException, OSError) as e:
                    raise Broken(f"the connection broke: {e or type(e).__name__}") from None
                length = answer.headers.get("Content-Length") or ""
            if len(body) > ANSWER_BYTES:
                raise Failed(f"{what}: the list is longer than {ANSWER_BYTES} bytes")
            if length.isdecimal() and len(body) != int(length):
                raise Broken(f"{len(body)} of {length} bytes came")
            return body
        return self.again(what, attempt)

    def snapshot(self, model, revision):
        """(commit, {name: File}) of a model at a revision."""
        body = self.list_body(model, revision)
        try:
            info = json.loads(body)
            commit, siblings, files = info["sha"], info["siblings"], {}
            if not re.fullmatch("[0-9a-f]{40}", commit):
                raise ValueError("sha")
            for entry in siblings:
                lfs = entry.get("lfs") or {}
                size = lfs.get("size", entry.get("size"))
                if not (size is None or type(size) is int and 0 <= size < 1 << 50) or not isinstance(entry["rfilename"], str):
                    raise ValueError("siblings")
                files[entry["rfilename"]] = file = File(size)
                file.add(lfs.get("sha256") or lfs.get("oid") or entry.get("blobId"), "the hub's list")
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            raise Failed(f"the hub's answer about {model} is not as its API has it") from None
        if re.fullmatch("[0-9a-f]{40}", revision) and commit != revision:
            raise Failed(f"{model}: the hub answers with commit {commit} instead of {revision}")
        return commit, files

    def place(self, model, commit, name):
        return f"/{model}/resolve/{commit}/{urllib.parse.quote(name)}"

    # --- a file ---

    def receive(self, model, commit, name, path, file, progress):
        """One try: goes on where path ends. Leaves what came."""
        have = os.path.getsize(path) if os.path.exists(path) else 0
        if have and have == file.size and file.digests:
            return
        if file.size is not None and have >= file.size:
            have = 0
        answer, own = self.open(self.place(model, commit, name), model, name, {"Range": f"bytes={have}-"} if have else {})
        with answer, open(path, "r+b" if have else "wb") as out:
            if own.get("x-repo-commit", commit) != commit:
                raise Failed(f"{name}: the hub sends commit {own['x-repo-commit']!r} instead of {commit}")
            file.add((own.get("x-linked-etag") or own.get("etag") or "").removeprefix("W/").strip('"'), "the hub's header")
            went_on = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range") or "")
            if answer.status == 416 or answer.status == 206 and (not went_on or int(went_on[1]) != have):
                out.truncate(0)
                raise Broken("the hub does not go on where we were")
            if answer.status == 200:
                have = 0
            out.truncate(have)
            out.seek(have)
            length = answer.headers.get("Content-Length") or ""
            end = have + int(length) if length.isdecimal() else file.size
            if file.size is not None and end != file.size:
                raise Broken(f"{end} bytes promised, should be {file.size}")
            self.copy(answer, out, have, end, lambda at: progress(name, at, end))

    @staticmethod
    def copy(answer, out, at, end, progress):
        begin = at
        while True:
            try:
                chunk = answer.read1(CHUNK_BYTES)
            except (http.client.HTTPException, OSError) as e:
                raise Broken(f"the connection broke: {e or type(e).__name__}", moved=at > begin) from None
            if not chunk:
                break
            at += len(chunk)
            if end is not None and at > end:
                out.truncate(0)
                raise Broken(f"more than {end} bytes came")
            out.write(chunk)
            progress(at)
        if end is not None and at < end:
            raise Broken(f"the connection broke at {at} of {end} bytes", moved=at > begin)

    def download(self, model, commit, name, path, file, progress, unverified=False):
        """The file, whole and checked, at path. What an earlier run left there is gone on with."""
        for fresh in (False, True):
            self.again(name, lambda: self.receive(model, commit, name, path, file, progress))
            if not file.digests and not unverified:
                raise Failed(f"{name}: neither the hub nor a manifest gives a digest of it (--unverified takes it anyway)")
            problem = wrong(path, file)
            if problem is None:
                with open(path, "rb") as f:
                    os.fsync(f.fileno())
                return
            os.unlink(path)
            if not fresh:
                self.say(f"{name}: {problem}; once more from the start")
        raise Failed(f"{name}: {problem}")
