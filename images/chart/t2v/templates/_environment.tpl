{{- /* What of the program's environment the pod must agree with: the drain, the address. */ -}}

{{- define "t2v.drain" -}}
{{- $own := include "t2v.text" (get (.Values.env | default dict) "T2V_DRAIN") }}
{{- if and $own (not (regexMatch "^[0-9]+([.][0-9]*)?$" $own)) }}
{{- fail (printf "env.T2V_DRAIN: %q is not a number of seconds" $own) }}
{{- end }}
{{- $own | default (include "t2v.text" .Values.drainSeconds) }}
{{- end }}

{{- define "t2v.port" -}}
{{- $listen := include "t2v.text" (get (.Values.env | default dict) "T2V_LISTEN") | default "[::]:8080" }}
{{- $host := regexReplaceAll ":[0-9]+$" $listen "" }}
{{- $port := trimPrefix ":" (trimPrefix $host $listen) }}
{{- if not (regexMatch "^([^:\\[\\]]*|\\[[^\\[\\]]*\\]):[0-9]{1,5}$" $listen) }}
{{- fail (printf "env.T2V_LISTEN: %q is not ADDR:PORT, [V6ADDR]:PORT or :PORT" $listen) }}
{{- end }}
{{- if or (lt (atoi $port) 1) (gt (atoi $port) 65535) }}
{{- fail (printf "env.T2V_LISTEN: the port of %q is not one of 1 to 65535" $listen) }}
{{- end }}
{{- if or (hasPrefix "127." $host) (has $host (list "localhost" "[::1]")) }}
{{- fail (printf "env.T2V_LISTEN: %q cannot be reached from outside the pod, not even by the probes; :%s listens on every address" $listen $port) }}
{{- end }}
{{- $families := .Values.service.ipFamilies | default list }}
{{- $v6 := or (has "IPv6" $families) (has .Values.service.ipFamilyPolicy (list "PreferDualStack" "RequireDualStack")) }}
{{- if and $v6 (regexMatch "^[0-9.]+$" $host) }}
{{- fail (printf "env.T2V_LISTEN: %q is an address of IPv4, and the Service may send IPv6; :%s listens on both" $listen $port) }}
{{- end }}
{{- $port }}
{{- end }}

{{- /* Each name once: Kubernetes takes the last of two, and some clients refuse them. */ -}}
{{- define "t2v.check-environment" -}}
{{- $env := .Values.env | default dict }}
{{- if and .Values.tokensSecret (hasKey $env "AUTHENTICATION_ALLOWED_TOKENS") }}
{{- fail "AUTHENTICATION_ALLOWED_TOKENS is in env, and tokensSecret sets it, too" }}
{{- end }}
{{- $seen := dict }}
{{- range .Values.extraEnv }}
{{- if has .name (list "T2V_DRAIN" "T2V_LISTEN") }}
{{- fail (printf "extraEnv: %s belongs in env, where the grace period and the probes follow it" .name) }}
{{- end }}
{{- if or (hasKey $env .name) (hasKey $seen .name) (and $.Values.tokensSecret (eq .name "AUTHENTICATION_ALLOWED_TOKENS")) }}
{{- fail (printf "extraEnv: %s is set twice" .name) }}
{{- end }}
{{- $_ := set $seen .name true }}
{{- end }}
{{- end }}

{{- define "t2v.image" -}}
{{- with .Values.image }}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}
