#!/usr/bin/env bash
# weaviate 1.39.0: text2multivec-jinaai asks for a query's vectors by the same request as for a document's.
#
# Expected: late-interaction models encode queries and documents in different ways (another marker, expansion to a fixed
#           length, no skiplist), so a request says which one the text is: Jina's API has input_type or task for it.
# Happens:  the module's client is told "retrieval.query" or "retrieval.passage", and sends it only if the model's name
#           has "v3" or "clip" in it. The name of the module's own default model, jina-colbert-v2, has neither.
# Costs:    queries get document vectors; nothing is raised or logged, results are only worse. A server of one's own can
#           serve the model under a name with v3 in it.
#
# Seen: jina-colbert-v2: the same request: true
#       colbert-v3: the same request: false (task: retrieval.passage, retrieval.query)
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
    "context"
    "encoding/json"
    "fmt"
    "net/http"
    "net/http/httptest"
    "os"
    "reflect"

    "github.com/sirupsen/logrus"
    "github.com/weaviate/weaviate/entities/moduletools"
    "github.com/weaviate/weaviate/modules/text2multivec-jinaai/clients"
)

type settings struct {
    moduletools.ClassConfig
    values map[string]any
}

func (s settings) Class() map[string]any                   { return s.values }
func (s settings) ClassByModuleName(string) map[string]any { return s.values }

// The bodies that the module sends for a document and for a query.
func bodies(url, model string, last *map[string]any) (document, query map[string]any) {
    config := settings{values: map[string]any{"baseURL": url, "model": model}}
    client := clients.New("key", 0, logrus.New())
    if _, _, _, err := client.Vectorize(context.Background(), []string{"a text"}, config); err != nil {
        panic(err)
    }
    document = *last
    if _, err := client.VectorizeQuery(context.Background(), []string{"a text"}, config); err != nil {
        panic(err)
    }
    return document, *last
}

func main() {
    var last map[string]any
    server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
        last = nil
        if err := json.NewDecoder(r.Body).Decode(&last); err != nil {
            panic(err)
        }
        fmt.Fprint(w, `{"data":[{"index":0,"embeddings":[[0.6,0.8]]}]}`)
    }))
    defer server.Close()
    for model, same := range map[string]bool{"jina-colbert-v2": true, "colbert-v3": false} {
        document, query := bodies(server.URL, model, &last)
        fmt.Printf("%s: the same request: %v\n  document %v\n  query    %v\n", model, reflect.DeepEqual(document, query), document, query)
        if reflect.DeepEqual(document, query) != same {
            os.Exit(1)
        }
    }
}
EOF
go mod tidy >log 2>&1 || { cat log; exit 1; }
go run .
