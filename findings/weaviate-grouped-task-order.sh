#!/usr/bin/env bash
# weaviate 1.39.0: a query with a rerank and a grouped task gives the task the objects in the search's order or in the
# reranker's, by chance.
#
# Expected: one order, always: that of the answer, which the reranker made.
# Happens:  a query's additional properties are worked on in the order in which Go goes through a map, which is another each time.
#           The reranker sorts the objects, and the grouped task writes them into its prompt as they are.
# Costs:    the same query gives two prompts, and so two answers, also from a model that does not sample.
#
# Seen: of 60 queries, numbers that are others each time:
#       52 List them: [{"text":"best"},{"text":"first"}]
#       8 List them: [{"text":"first"},{"text":"best"}]
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
    "time"

    "github.com/sirupsen/logrus"
    "github.com/weaviate/weaviate/entities/models"
    "github.com/weaviate/weaviate/entities/moduletools"
    "github.com/weaviate/weaviate/entities/search"
    generative "github.com/weaviate/weaviate/modules/generative-openai"
    reranker "github.com/weaviate/weaviate/modules/reranker-transformers"
    "github.com/weaviate/weaviate/usecases/config"
    "github.com/weaviate/weaviate/usecases/modulecomponents/additional/generate"
    "github.com/weaviate/weaviate/usecases/modulecomponents/additional/rank"
    "github.com/weaviate/weaviate/usecases/modules"
)

type params struct{ moduletools.ModuleInitParams }

func (params) GetConfig() *config.Config     { return &config.Config{ModuleHttpClientTimeout: time.Minute} }
func (params) GetLogger() logrus.FieldLogger { return logrus.New() }

type schema struct{ class *models.Class }

func (s schema) ReadOnlyClass(string) *models.Class { return s.class }

// The prompt's last message, and scores by which the second object is the best.
func server(prompts map[string]int) *httptest.Server {
    return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
        if r.URL.Path == "/rerank" {
            var asked struct{ Documents []string }
            json.NewDecoder(r.Body).Decode(&asked)
            scores := []map[string]any{}
            for _, document := range asked.Documents {
                scores = append(scores, map[string]any{"document": document, "score": len("first") - len(document)})
            }
            json.NewEncoder(w).Encode(map[string]any{"scores": scores})
            return
        }
        var asked struct{ Messages []struct{ Content string } }
        json.NewDecoder(r.Body).Decode(&asked)
        prompts[asked.Messages[0].Content]++
        fmt.Fprint(w, `{"choices":[{"message":{"role":"assistant","content":"Paris"}}]}`)
    }))
}

func main() {
    prompts := map[string]int{}
    stand := server(prompts)
    defer stand.Close()
    for name, value := range map[string]string{"RERANKER_INFERENCE_API": stand.URL, "RERANKER_WAIT_FOR_STARTUP": "false", "OPENAI_APIKEY": "any"} {
        os.Setenv(name, value)
    }
    class := &models.Class{
        Class: "Note", Properties: []*models.Property{{Name: "text", DataType: []string{"text"}}},
        ModuleConfig: map[string]any{"reranker-transformers": map[string]any{}, "generative-openai": map[string]any{"baseURL": stand.URL, "model": "any"}},
    }
    provider := modules.NewProvider(logrus.New(), config.Config{})
    provider.SetSchemaGetter(schema{class})
    provider.Register(reranker.New())
    provider.Register(generative.New())
    if err := provider.Init(context.Background(), params{}, logrus.New()); err != nil {
        panic(err)
    }
    property, query, task := "text", "best", "List them"
    for range 60 {
        found := []search.Result{
            {ClassName: "Note", Schema: map[string]any{"text": "first"}},
            {ClassName: "Note", Schema: map[string]any{"text": "best"}},
        }
        asked := map[string]any{"rerank": &rank.Params{Property: &property, Query: &query}, "generate": &generate.Params{Task: &task}}
        found, err := provider.GetExploreAdditionalExtend(context.Background(), found, asked, nil, nil)
        if err != nil {
            panic(err)
        }
        if found[0].Schema.(map[string]any)["text"] != "best" {
            panic("the reranker's best is not the first")
        }
    }
    for prompt, n := range prompts {
        fmt.Println(n, prompt)
    }
    if len(prompts) != 2 {
        os.Exit(1)
    }
}
EOF
go mod tidy >log 2>&1 || { cat log; exit 1; }
go run .
