#!/usr/bin/env bash
# weaviate-client 4.24.1: Configure.MultiVectors.text2vec_jinaai cannot set the server's address.
#
# Expected: an argument base_url, as Vectors.text2vec_jinaai and MultiVectors.multi2vec_jinaai have it: the module
#           text2multivec-jinaai of Weaviate 1.39.0 reads `baseURL` from the collection's settings.
# Happens:  there is none, and the settings that it writes have no baseURL.
# Costs:    a ColBERT of one's own behind Jina's API needs create_from_dict.
#
# Seen: Vectors.text2vec_jinaai: base_url
#       MultiVectors.multi2vec_jinaai: base_url
#       MultiVectors.text2vec_jinaai: no base_url; it writes {'vectorizeClassName': True, 'model': 'colbert', 'dimensions': 128}
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check weaviate-client==4.24.1
cat > "$dir/check.py" <<'EOF'
import inspect

from weaviate.classes.config import Configure

for kind, name, wanted in (("Vectors", "text2vec_jinaai", True), ("MultiVectors", "multi2vec_jinaai", True), ("MultiVectors", "text2vec_jinaai", False)):
    function = getattr(getattr(Configure, kind), name)
    has = "base_url" in inspect.signature(function).parameters
    if has:
        print(f"{kind}.{name}: base_url")
    else:
        written = function(model="colbert", dimensions=128).vectorizer._to_dict()
        print(f"{kind}.{name}: no base_url; it writes {written}")
        assert "baseURL" not in written
    assert has == wanted
EOF
"$dir/venv/bin/python" -W ignore "$dir/check.py"
