#!/usr/bin/env bash
# jinja2 3.1.6, loopcontrols: a loop's `else` runs though there were items, if none of them came to the end of the loop's body.
#
# Expected: `else` of a `for` runs if the list is empty or its condition leaves nothing, as the manual says.
# Happens:  what says that there was an item is written after the body, so `continue` in each item, or `break` in the first,
#           leaves it unsaid.
# Costs:    chat templates (transformers runs them with loopcontrols) that skip messages or stop at the first one that fits
#           print both branches. An interpreter that does as the manual says gives another prompt for them.
#
# Seen: {% for x in [1, 2] %}{{ x }}{% continue %}{% else %}none{% endfor %}: 12none
#       {% for x in [1, 2] %}{{ x }}{% break %}{% else %}none{% endfor %}: 1none
#       {% for x in [1, 2] %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% else %}none{% endfor %}: 12
#       {% for x in [1, 2] %}{{ x }}{% else %}none{% endfor %}: 12
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jinja2==3.1.6
cat > "$dir/check.py" <<'EOF'
import jinja2

env = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"])
for body, wanted in (("{% continue %}", "12none"), ("{% break %}", "1none"), ("{% if x == 2 %}{% break %}{% endif %}", "12"), ("", "12")):
    template = "{% for x in [1, 2] %}{{ x }}" + body + "{% else %}none{% endfor %}"
    got = env.from_string(template).render()
    print(f"{template}: {got}")
    assert got == wanted
EOF
"$dir/venv/bin/python" "$dir/check.py"
