package authorizertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The limits of what API Gateway fetches from an issuer.
const (
	fetchTime = 1500 * time.Millisecond
	fetchSize = 150_000
)

// discover returns where an issuer says that its keys are.
func discover(ctx context.Context, client *http.Client, issuer string) (string, error) {
	if client == nil {
		client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	address := strings.TrimSuffix(issuer, "/") + discoveryPath
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answered %s", address, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, fetchSize+1))
	if err != nil {
		return "", err
	}
	if len(data) > fetchSize {
		return "", fmt.Errorf("%s has more than %d bytes", address, fetchSize)
	}
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	if document.Issuer != issuer {
		return "", fmt.Errorf("%s is of the issuer %q, not of %q", address, document.Issuer, issuer)
	}
	return document.JWKSURI, nil
}
