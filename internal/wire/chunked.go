package wire

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strconv"
	"strings"
)

// payload is the body of a REST request: out of its chunks, where it comes in
// those of Amazon S3.
func (req *request) payload() ([]byte, error) {
	if !strings.Contains(req.header.Get("Content-Encoding"), "aws-chunked") &&
		!strings.HasPrefix(req.header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return req.body, nil
	}
	body, trailer, ok := unchunk(req.body)
	if length := req.header.Get("X-Amz-Decoded-Content-Length"); !ok || length != "" && length != strconv.Itoa(len(body)) {
		return nil, &Error{Code: "IncompleteBody", Message: "You did not provide the number of bytes specified by the Content-Length HTTP header"}
	}
	for name := range trailer {
		algorithm := strings.ToLower(strings.TrimPrefix(name, "X-Amz-Checksum-"))
		h := checksum(algorithm)
		if h == nil {
			continue
		}
		h.Write(body)
		if base64.StdEncoding.EncodeToString(h.Sum(nil)) != trailer.Get(name) {
			return nil, &Error{Code: "BadDigest", Message: "The " + strings.ToUpper(algorithm) + " you specified did not match the calculated checksum."}
		}
	}
	return body, nil
}

// unchunk reads chunks: the size in hexadecimal, with a signature behind it or
// not, then the bytes; behind the empty chunk stands the trailer.
func unchunk(body []byte) (data []byte, trailer http.Header, ok bool) {
	data, trailer = make([]byte, 0, len(body)), http.Header{}
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(digits), 16, 31)
		if !found || err != nil || len(rest) < int(size) {
			return nil, nil, false
		}
		if body = rest; size == 0 {
			break
		}
		data = append(data, body[:size]...)
		if body, found = bytes.CutPrefix(body[size:], []byte("\r\n")); !found {
			return nil, nil, false
		}
	}
	for _, line := range strings.Split(string(body), "\r\n") {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			trailer.Set(name, strings.TrimSpace(value))
		}
	}
	return data, trailer, true
}

// checksum is a checksum of Amazon S3 by its name; nil for the ones that the
// standard library does not have.
func checksum(name string) hash.Hash {
	switch name {
	case "crc32":
		return crc32.NewIEEE()
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "crc64nvme":
		return crc64.New(crc64.MakeTable(0x9A6C9329AC4BC9B5))
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return nil
}
