#!/usr/bin/env bash
# huggingface_hub 2.4.0: with HF_HUB_OFFLINE=1 InferenceClient sends nothing to a server on the same machine either.
#
# Expected: the variable is about the files of the Hub: only those in the cache are used. A client whose base_url is
#           http://localhost:PORT works.
# Happens:  the hook that refuses requests is set on the one HTTP client that all of the library uses, and does not look at the
#           address. InferenceClient raises OfflineModeIsEnabled before it connects.
# Costs:    machines without a way out set the variable, so that models load from the disk at once. There every client that is built
#           on InferenceClient (Haystack's embedders, LangChain's, LlamaIndex's) cannot reach a local server, while those of
#           OpenAI's SDK can. Unset the variable in the process that has the client.
#
# Seen: without it: 1 request, [[1.0, 2.0]]
#       HF_HUB_OFFLINE=1: 0 requests, OfflineModeIsEnabled
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check huggingface_hub==2.4.0 numpy==2.4.6
cat > "$dir/check.py" <<'EOF'
import http.server
import os
import threading
from huggingface_hub import InferenceClient

requests = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global requests
        requests += 1
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b"[[1.0, 2.0]]")

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
try:
    result = InferenceClient(base_url=f"http://127.0.0.1:{server.server_port}").feature_extraction("hello").tolist()
except Exception as e:
    result = type(e).__name__
print(f"{requests} requests, {result}")
assert (requests, result) == ((0, "OfflineModeIsEnabled") if os.environ.get("HF_HUB_OFFLINE") else (1, [[1.0, 2.0]]))
EOF
echo -n "without it: "
env -u HF_HUB_OFFLINE "$dir/venv/bin/python" "$dir/check.py"
echo -n "HF_HUB_OFFLINE=1: "
HF_HUB_OFFLINE=1 "$dir/venv/bin/python" "$dir/check.py"
