#!/usr/bin/env bash
# weaviate 1.39.0: numbers with a point in the settings of generative modules are not read, so a temperature of 0.7 is refused.
#
# Expected: {"temperature": 0.7} in a collection's moduleConfig of generative-openai is a temperature of 0.7: the module's own
#           message says that values are between 0.0 and 1.0.
# Happens:  the schema's numbers are read as json.Number, and the modules' helper takes those by Int64 alone. What has a point, also
#           0.0, becomes the value for mistakes, -1, which the module then refuses.
# Costs:    weaviate-client for Python sends 0.0 for temperature=0, so no temperature at all can be set for a collection:
#           422, "Wrong temperature configuration, values are between 0.0 and 1.0". Likewise topP and the penalties. With each
#           query they can be given.
#
# Seen: temperature 0: 0
#       temperature 1: 1
#       temperature 0.0: -1, Wrong temperature configuration, values are between 0.0 and 1.0
#       temperature 0.7: -1, Wrong temperature configuration, values are between 0.0 and 1.0
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'EOF'
module check

go 1.26

require github.com/weaviate/weaviate v1.39.0
EOF
cat > main.go <<'EOF'
package main

import (
    "encoding/json"
    "fmt"
    "os"
    "strings"

    "github.com/weaviate/weaviate/entities/moduletools"
    "github.com/weaviate/weaviate/modules/generative-openai/config"
)

type settings struct {
    moduletools.ClassConfig
    values map[string]any
}

func (s settings) Class() map[string]any                   { return s.values }
func (s settings) ClassByModuleName(string) map[string]any { return s.values }

func main() {
    for _, number := range []string{"0", "1", "0.0", "0.7"} {
        decoder := json.NewDecoder(strings.NewReader(`{"temperature": ` + number + `}`))
        decoder.UseNumber() // as Weaviate reads a schema
        values := map[string]any{}
        if err := decoder.Decode(&values); err != nil {
            panic(err)
        }
        class := config.NewClassSettings(settings{values: values})
        refused := ""
        if err := class.Validate(nil); err != nil {
            refused = ", " + err.Error()
        }
        fmt.Printf("temperature %s: %v%s\n", number, *class.Temperature(), refused)
        if broken := strings.Contains(number, "."); broken != (refused != "") || broken != (*class.Temperature() == -1) {
            os.Exit(1)
        }
    }
}
EOF
go mod tidy >log 2>&1 || { cat log; exit 1; }
go run .
