#!/usr/bin/env bash
# minijinja 3.1.0 writes another prompt than transformers 5.24.0 for the same chat template and the same tools.
#
# Expected: with trim_blocks, lstrip_blocks and pycompat on, a template that prints its tools by `tojson` gives the text
#           that transformers' render_jinja_template gives, since the model was trained on that text.
# Happens:  transformers replaces Jinja's `tojson` by plain json.dumps. minijinja's own is made for HTML: ' < > & become
#           \u0027 \u003c \u003e \u0026, and there is no sort_keys. `content is sequence` is true of a string in Jinja and
#           false here, so a template that asks in this way takes its other branch. Python's methods rsplit, partition
#           and removeprefix and the operator % on strings are refused. pycompat=True changes none of this.
# Costs:    any description of a tool with an apostrophe ("a city's weather") makes the prompt longer and other than in
#           training; nothing is raised or logged. Registering json.dumps as the filter `tojson` helps for that one.
#
# Seen: tools: transformers {"description": "a city's temperature, e.g. <20"}
#              minijinja    {"description": "a city\u0027s temperature, e.g. \u003c20"}
#       string is sequence: transformers True, minijinja False
#       refused by minijinja: rsplit, partition, removeprefix, %
#       with json.dumps as the filter: the same text
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat > "$dir/check.py" <<'EOF'
import json
import minijinja
from transformers.utils.chat_template_utils import render_jinja_template

chat = [{"role": "user", "content": "Warm in Oslo?"}]
tool = {"description": "a city's temperature, e.g. <20"}
env = minijinja.Environment(trim_blocks=True, lstrip_blocks=True, pycompat=True)


def transformers(template):
    got, _ = render_jinja_template([chat], tools=[tool], chat_template=template)
    return got[0]


def mini(template):
    return env.render_str(template, messages=chat, tools=[tool])


template = "{% for tool in tools %}\n{{ tool | tojson }}\n{% endfor %}\n"
print("tools: transformers", transformers(template).strip())
print("       minijinja   ", mini(template).strip())
assert json.loads(mini(template)) == json.loads(transformers(template)) == tool
assert transformers(template) == json.dumps(tool) + "\n"
assert mini(template) == json.dumps(tool).replace("'", "\\u0027").replace("<", "\\u003c") + "\n"

template = "{{ messages[0].content is sequence }}"
print(f"string is sequence: transformers {transformers(template)}, minijinja {mini(template)}")
assert (transformers(template), mini(template)) == ("True", "False")

refused = []
for name, template in {
    "rsplit": "{{ 'a/b/c'.rsplit('/', 1)[0] }}",
    "partition": "{{ 'a: b'.partition(': ')[2] }}",
    "removeprefix": "{{ 'user:x'.removeprefix('user:') }}",
    "%": "{{ '%s:' % messages[0].role }}",
}.items():
    assert transformers(template)
    try:
        mini(template)
    except minijinja.TemplateError:
        refused.append(name)
print("refused by minijinja:", ", ".join(refused))
assert refused == ["rsplit", "partition", "removeprefix", "%"]

env.add_filter("tojson", json.dumps)
template = "{{ tools[0] | tojson }}"
assert mini(template) == transformers(template)
print("with json.dumps as the filter: the same text")
EOF
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check minijinja==3.1.0 transformers==5.24.0 jinja2==3.1.6
"$dir/venv/bin/python" "$dir/check.py"
