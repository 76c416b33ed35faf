#!/usr/bin/env bash
# weaviate 1.39.0: generative-openai with a baseURL limits the answer to as many tokens as the prompt has.
#
# Expected: a collection's maxTokens is the answer's limit, so it is sent as max_completion_tokens.
# Happens:  if the address is not OpenAI's own and the model has one of OpenAI's names, the module counts the prompt's tokens to
#           see whether both fit; if they do, it returns the count in place of the limit.
# Costs:    answers end early, the more so the shorter the prompt is; finish_reason "length" is not shown to the client. Any
#           other name for the model helps, and so does no maxTokens.
#
# Seen: gpt-4, maxTokens 500: 31 for a prompt of 31 tokens
#       gpt-4, maxTokens 8000: 31
#       writer, maxTokens 500: 500
# (31 counts the prompt's 21 bytes, "user" and 6 for the message: the vocabulary used here has no longer token than a byte.)
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
    "encoding/base64"
    "encoding/json"
    "fmt"
    "net/http"
    "net/http/httptest"
    "os"
    "strings"
    "time"

    "github.com/sirupsen/logrus"
    "github.com/weaviate/weaviate/entities/moduletools"
    "github.com/weaviate/weaviate/modules/generative-openai/clients"
)

type settings struct {
    moduletools.ClassConfig
    values map[string]any
}

func (s settings) Class() map[string]any                   { return s.values }
func (s settings) ClassByModuleName(string) map[string]any { return s.values }

// vocabulary is OpenAI's cl100k_base by its name in the cache, with the 256 bytes alone: nothing is fetched.
func vocabulary() {
    var lines strings.Builder
    for i := range 256 {
        fmt.Fprintf(&lines, "%s %d\n", base64.StdEncoding.EncodeToString([]byte{byte(i)}), i)
    }
    if err := os.WriteFile("9b5ad71b2ce5302211f9c61530b329a4922fc6a4", []byte(lines.String()), 0o600); err != nil {
        panic(err)
    }
    os.Setenv("TIKTOKEN_CACHE_DIR", ".")
}

func main() {
    vocabulary()
    var body map[string]any
    server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
        body = nil
        if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
            panic(err)
        }
        fmt.Fprint(w, `{"choices":[{"message":{"role":"assistant","content":"Paris"}}]}`)
    }))
    defer server.Close()
    client := clients.New("key", "", "", time.Minute, logrus.New())
    for _, c := range []struct {
        model          string
        limit, expects float64
    }{{"gpt-4", 500, 31}, {"gpt-4", 8000, 31}, {"writer", 500, 500}} {
        config := settings{values: map[string]any{"baseURL": server.URL, "model": c.model, "maxTokens": c.limit}}
        if _, err := client.GenerateAllResults(context.Background(), nil, "Name three cities", nil, false, config); err != nil {
            panic(err)
        }
        fmt.Printf("%s, maxTokens %v: %v, the prompt %v\n", c.model, c.limit, body["max_completion_tokens"], body["messages"])
        if body["max_completion_tokens"] != c.expects {
            os.Exit(1)
        }
    }
}
EOF
go mod tidy >log 2>&1 || { cat log; exit 1; }
go run .
