{{- define "t2v.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "t2v.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "t2v.labels" -}}
{{ include "t2v.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* A scalar as text; null is the empty text. Numbers of a values file are floats, which Go prints as 1e+06 from a million on. */ -}}
{{- define "t2v.text" -}}
{{- if kindIs "invalid" . -}}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}
{{ printf "%.0f" . }}
{{- else -}}
{{ . }}
{{- end }}
{{- end }}

{{- /* A map whose values must be strings, one line each. */ -}}
{{- define "t2v.strings" -}}
{{- range $name, $value := . }}
{{ $name | quote }}: {{ include "t2v.text" $value | quote }}
{{- end }}
{{- end }}

{{- /* Environment variables of a map; a null one is left out. */ -}}
{{- define "t2v.env" -}}
{{- range $name, $value := . }}
{{- if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ include "t2v.text" $value | quote }}
{{- end }}
{{- end }}
{{- end }}
