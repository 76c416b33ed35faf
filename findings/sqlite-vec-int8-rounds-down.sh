#!/usr/bin/env bash
# sqlite-vec 0.1.9: vec_quantize_int8(v, 'unit') rounds every number down, so all vectors lean the same way.
#
# Expected: 256 steps from -1 to 1, the nearest one: an error of zero in the mean.
# Happens:  the fraction is cut off after a shift that makes all numbers positive. The mean error is near half a step, with the
#           same sign in each component of each vector, as if one fixed vector were added to all of them.
# Costs:    components of a unit vector shrink as 1/sqrt(dimensions), the half step does not. The cosine of two unrelated
#           vectors rises by 0.006 at 384 dimensions, by 0.014 at 1024 and by 0.043 at 3072: thresholds shift, and the
#           error is 17 times that of rounding to the nearest. Quantize outside and insert with vec_int8().
#
# Seen: 384 dimensions: mean error -0.47 steps; cosine off by 0.0079 in the mean, rounded to nearest 0.0026
#       1024 dimensions: mean error -0.45 steps; cosine off by 0.0150 in the mean, rounded to nearest 0.0025
#       3072 dimensions: mean error -0.41 steps; cosine off by 0.0427 in the mean, rounded to nearest 0.0025
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check sqlite-vec==0.1.9 pysqlite3-binary==0.5.4.post2 numpy==2.4.6
"$dir/venv/bin/python" - <<'EOF'
import numpy as np
import pysqlite3
import sqlite_vec
db = pysqlite3.connect(":memory:")
db.enable_load_extension(True)
sqlite_vec.load(db)
rng = np.random.default_rng(0)


def quantized(vector):
    blob, = db.execute("select vec_quantize_int8(?, 'unit')", (vector.tobytes(),)).fetchone()
    return np.frombuffer(blob, np.int8).astype(float)


def off(vectors, exact):
    """How far the cosines of all pairs are from the exact ones, in the mean."""
    def cosines(m):
        m = m / np.linalg.norm(m, axis=1, keepdims=True)
        return (m @ m.T)[np.triu_indices(len(m), 1)]
    return np.abs(cosines(vectors) - cosines(exact.astype(float))).mean()


for dimensions, wanted in ((384, 0.0079), (1024, 0.0150), (3072, 0.0427)):
    unit = rng.normal(size=(200, dimensions)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    theirs = np.array([quantized(v) for v in unit])
    bias, worse, nearest = (theirs - unit * 127.5).mean(), off(theirs, unit), off(np.rint(unit * 127), unit)
    print(f"{dimensions} dimensions: mean error {bias:.2f} steps; cosine off by {worse:.4f} in the mean, rounded to nearest {nearest:.4f}")
    assert bias < -0.4 and abs(worse - wanted) < 0.1 * wanted and nearest < 0.003
EOF
