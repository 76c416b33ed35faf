{{- /* What a pod may take: images/memory.py has the same sum for what is not this chart's. */ -}}

{{- /* A count as t2v takes it, digits and then K, M or G, in bytes. text: the count; of: its name. */ -}}
{{- define "t2v.bytes" -}}
{{- if not (regexMatch "^[0-9]+([kKmMgG]i?[bB]?)?$" .text) }}
{{- fail (printf "%s: %q is not a count (digits, then K, M or G)" .of .text) }}
{{- end }}
{{- $digits := regexFind "^[0-9]+" .text }}
{{- $unit := trimPrefix $digits .text | lower | trunc 1 }}
{{- mul (atoi $digits) (get (dict "" 1 "k" 1024 "m" 1048576 "g" 1073741824) $unit) }}
{{- end }}

{{- /* T2V_MAX_MEMORY in bytes; by default, as in the program, 32 times T2V_MAX_BODY and at least 256 MiB. */ -}}
{{- define "t2v.max-memory" -}}
{{- $env := .Values.env | default dict }}
{{- $own := include "t2v.text" (get $env "T2V_MAX_MEMORY") | default "0" }}
{{- $body := include "t2v.text" (get $env "T2V_MAX_BODY") | default "16m" }}
{{- $max := include "t2v.bytes" (dict "of" "env.T2V_MAX_MEMORY" "text" $own) | int64 }}
{{- $bodies := include "t2v.bytes" (dict "of" "env.T2V_MAX_BODY" "text" $body) | int64 | mul 32 }}
{{- if eq $max 0 }}{{ max $bodies 268435456 }}{{ else }}{{ $max }}{{ end }}
{{- end }}

{{- /* Bytes as Kubernetes writes them. */ -}}
{{- define "t2v.quantity" -}}
{{- if mod . 1048576 }}{{ . }}{{ else }}{{ div . 1048576 }}Mi{{ end }}
{{- end }}

{{- /* T2V_KV_CACHE in bytes; 0 if it is not said, which only a model that generates text minds. */ -}}
{{- define "t2v.kv-cache" -}}
{{- $own := include "t2v.text" (get (.Values.env | default dict) "T2V_KV_CACHE") | default "0" }}
{{- include "t2v.bytes" (dict "of" "env.T2V_KV_CACHE" "text" $own) }}
{{- end }}

{{- /* resources, where "auto" stands for what t2v takes: at rest modelMemory, kv-cache and 64 MiB, at most max-memory more. */ -}}
{{- define "t2v.resources" -}}
{{- $resources := deepCopy (.Values.resources | default dict) }}
{{- $model := include "t2v.bytes" (dict "of" "modelMemory" "text" (include "t2v.text" .Values.modelMemory)) | int64 }}
{{- $rest := include "t2v.kv-cache" . | int64 | add $model 67108864 }}
{{- with $resources.requests }}
{{- if eq (toString .memory) "auto" }}
{{- $_ := set . "memory" (include "t2v.quantity" $rest) }}
{{- end }}
{{- end }}
{{- with $resources.limits }}
{{- if eq (toString .memory) "auto" }}
{{- range $.Values.extraEnv }}
{{- if has .name (list "T2V_MAX_MEMORY" "T2V_MAX_BODY" "T2V_KV_CACHE") }}
{{- fail (printf "extraEnv: %s belongs in env, where resources.limits.memory follows it; or say that limit" .name) }}
{{- end }}
{{- end }}
{{- $_ := set . "memory" (include "t2v.quantity" (include "t2v.max-memory" $ | int64 | add $rest)) }}
{{- end }}
{{- end }}
{{- toYaml $resources }}
{{- end }}
