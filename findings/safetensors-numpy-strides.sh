#!/usr/bin/env bash
# safetensors 0.8.0 writes the wrong numbers for a numpy array that is not contiguous.
#
# Expected: load(save({"x": a})) gives a back, as 0.7.0 does for every layout, or an error.
# Happens:  0.8.0 takes the address of the first element and the shape, and forgets the strides. A transposed array and a
#           cut of columns come back with the right shape and type and with other numbers; nothing is raised or logged.
# Costs:    table[:, :64] is how an embedding table or a matrix of vectors is cut to its first 64 dimensions. Saved this
#           way each row but the first is somebody else's: the mean cosine to the right rows is about 0, row 0 is right.
#           The docstring asks for contiguous tensors, in 0.7.0 as well, where it did not matter.
#           numpy.ascontiguousarray before the call helps.
#
# Seen: 0.7.0 contiguous, transposed, cut: True True True
#       0.8.0 contiguous, transposed, cut: True False False; cosine of row 0 1.00, mean of the others 0.00
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat > "$dir/check.py" <<'EOF'
import sys
import numpy as np
from safetensors.numpy import load, save
table = np.random.default_rng(0).standard_normal((1000, 256), dtype=np.float32)
cut = table[:, :64]
same = [np.array_equal(load(save({"x": a}))["x"], a) for a in (table, table.T, cut)]
back = load(save({"x": cut}))["x"]
cosine = (back * cut).sum(1) / np.linalg.norm(back, axis=1) / np.linalg.norm(cut, axis=1)
print("contiguous, transposed, cut:", *same, f"; cosine of row 0 {cosine[0]:.2f}, mean of the others {cosine[1:].mean():.2f}")
old = sys.argv[1] == "0.7.0"
assert same == ([True, True, True] if old else [True, False, False])
assert back.shape == cut.shape and back.dtype == cut.dtype
assert old or (cosine[0] > 0.9999 and abs(cosine[1:].mean()) < 0.02)
EOF
for version in 0.7.0 0.8.0; do
    python3 -m venv "$dir/$version"
    "$dir/$version/bin/pip" install -q --disable-pip-version-check "safetensors==$version" numpy==2.4.6
    echo -n "$version "
    "$dir/$version/bin/python" "$dir/check.py" "$version"
done
