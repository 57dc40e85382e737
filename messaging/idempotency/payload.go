package idempotency

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxAnswer leaves room for the rest of the record in an item of 400 KB.
const maxAnswer = 380 << 10

// hash returns the digest of a payload: of its Fingerprint or Payload method
// where it has one, else of its JSON. Member order and white space of JSON do
// not count.
func hash(payload any) (string, error) {
	var data []byte
	switch p := payload.(type) {
	case interface{ Fingerprint() []byte }: // the payload alone would not tell messages of two types apart
		data = p.Fingerprint()
	case interface{ Payload() []byte }:
		data = p.Payload()
	case []byte:
		data = p
	case string:
		data = []byte(p)
	default:
		b, err := json.Marshal(payload)
		if err != nil {
			return "", fmt.Errorf("idempotency: hash %T: %w", payload, err)
		}
		data = b
	}
	sum := sha256.Sum256(canonical(data))
	return hex.EncodeToString(sum[:]), nil
}

// canonical sorts the members of JSON objects; what is no JSON, or would be
// changed because it is not UTF-8, stays as it is.
func canonical(data []byte) []byte {
	if !utf8.Valid(data) {
		return data
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return data
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return data
	}
	b, err := json.Marshal(v)
	if err != nil {
		return data
	}
	return b
}

// pack encodes an answer for the record: nil where it is too large even when
// compressed, since the effect must be recorded all the same.
func pack(answer any) ([]byte, error) {
	b, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("idempotency: encode the answer: %w", err)
	}
	if len(b) <= 4<<10 {
		return b, nil
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(b); err != nil {
		return nil, fmt.Errorf("idempotency: compress the answer: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("idempotency: compress the answer: %w", err)
	}
	if packed.Len() > maxAnswer {
		return nil, nil
	}
	return packed.Bytes(), nil
}

// unpack decodes the stored answer of a finished key.
func unpack[R any](key string, r *Record) (R, error) {
	var answer R
	if !r.kept {
		return answer, fmt.Errorf("idempotency: %s: %w", key, ErrAnswerNotKept)
	}
	data := r.answer
	if len(data) > 1 && data[0] == 0x1f && data[1] == 0x8b { // JSON never begins like that
		reader, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return answer, fmt.Errorf("idempotency: %s: stored answer: %w", key, err)
		}
		if data, err = io.ReadAll(reader); err != nil {
			return answer, fmt.Errorf("idempotency: %s: stored answer: %w", key, err)
		}
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return answer, fmt.Errorf("idempotency: %s: stored answer: %w", key, err)
	}
	return answer, nil
}
