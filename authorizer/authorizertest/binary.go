package authorizertest

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// binary reports whether a REST API treats a media type as binary.
func (o *APIOptions) binary(mediaType string) bool {
	mediaType = bareType(mediaType)
	for _, pattern := range o.BinaryMediaTypes {
		pattern = strings.ToLower(pattern)
		family, wild := strings.CutSuffix(pattern, "/*")
		if pattern == "*/*" || pattern == mediaType && mediaType != "" || wild && strings.HasPrefix(mediaType, family+"/") {
			return true
		}
	}
	return false
}

// checkBinary panics about a media type that API Gateway would not take.
func (o *APIOptions) checkBinary() {
	for _, pattern := range o.BinaryMediaTypes {
		family, kind, found := strings.Cut(pattern, "/")
		if !found || family == "" || kind == "" || strings.Contains(kind, "/") {
			panic(fmt.Sprintf("authorizertest: binary media type %q: want a type such as image/png, image/* or */*", pattern))
		}
	}
}

// bareType is the first media type of a header, without its parameters.
func bareType(header string) string {
	first, _, _ := strings.Cut(header, ",")
	first, _, _ = strings.Cut(first, ";")
	return strings.ToLower(strings.TrimSpace(first))
}

// textual reports whether payload format 2.0 has a body of the media type as it is, and not in base64.
func textual(contentType string) bool {
	switch mediaType := bareType(contentType); mediaType {
	case "application/json", "application/javascript", "application/xml":
		return true
	default:
		return strings.HasPrefix(mediaType, "text/")
	}
}

// unpack returns the bytes of a body that may be in base64.
func unpack(body string, encoded bool) ([]byte, error) {
	if !encoded {
		return []byte(body), nil
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, fmt.Errorf("isBase64Encoded is true and the body is not base64: %w", err)
	}
	return data, nil
}
