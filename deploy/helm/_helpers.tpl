{{- define "sandik.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}
{{- define "sandik.broker" -}}
{{ .Values.kafka.broker | default (printf "%s-kafka-bootstrap:%v" .Values.kafka.cluster .Values.kafka.port) }}
{{- end }}
