#!/usr/bin/env bash
# llama-index-embeddings-huggingface-api 0.6.0: the second call fails if the server keeps connections open.
#
# Expected: get_query_embedding works after get_text_embedding_batch, on the same object.
# Happens:  each call makes an event loop of its own and ends it. All share one AsyncInferenceClient (huggingface_hub 2.4.0), whose
#           pooled connections belong to the first loop: RuntimeError, "Event loop is closed".
# Costs:    an index cannot embed documents and then a query with one object. headers={"Connection": "close"} helps.
#
# Seen: as it is: [[1.0, 2.0]], RuntimeError: Event loop is closed
#       Connection: close: [[1.0, 2.0]], [1.0, 2.0]
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check llama-index-embeddings-huggingface-api==0.6.0 huggingface_hub==2.4.0 numpy==2.4.6
cat > "$dir/check.py" <<'EOF'
import http.server
import threading
from llama_index.embeddings.huggingface_api import HuggingFaceInferenceAPIEmbedding


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "12")
        self.end_headers()
        self.wfile.write(b"[[1.0, 2.0]]")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for name, headers, wanted in (("as it is", None, "RuntimeError: Event loop is closed"), ("Connection: close", {"Connection": "close"}, [1.0, 2.0])):
    embedding = HuggingFaceInferenceAPIEmbedding(model_name=f"http://127.0.0.1:{server.server_port}", headers=headers)
    first = embedding.get_text_embedding_batch(["a text"])
    try:
        second = embedding.get_query_embedding("hello")
    except RuntimeError as e:
        second = f"RuntimeError: {e}"
    print(f"{name}: {first}, {second}")
    assert first == [[1.0, 2.0]] and second == wanted
EOF
"$dir/venv/bin/python" "$dir/check.py"
